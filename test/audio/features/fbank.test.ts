import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import {
  type FbankOptions,
  fbank,
  fbankOptions,
  frameCount,
  meanNormalise,
  samplesFor,
} from '../../../src/audio/features/fbank.js';
import { fbankOfRecording } from '../../../src/audio/features/fbank-recording.js';
import { featureDefinition } from '../../../src/audio/features/feature-definition.js';
import { features } from '../../../src/audio/features/features.js';
import { subtractMeans } from '../../../src/audio/features/subtract-means.js';
import type { Tensor } from '../../../src/engine/tf.js';
import { UserError } from '../../../src/errors.js';
import { float32, int32 } from '../../../src/host-tensor.js';
import { readNpy } from '../../../src/io/npy.js';
import { close } from '../../helpers/close.js';
import { naiveFbank } from '../../helpers/oracles/naive-fbank.js';
import { normals } from '../../helpers/random-values.js';
import { withSession } from '../../helpers/session.js';

const DEFAULTS = fbankOptions.parse({});
const LOG_FLOOR = Math.log(2 ** -23);

/** The fbank of a batch of rows of one length, row after row. */
const graphFbank = (rows: ArrayLike<number>[], options: FbankOptions, steps = [0]): Promise<Float32Array[]> =>
  withSession(async (session) => {
    const run = session.compile('fbank', ({ wave }) => ({ y: fbank(wave, options) }));
    const wave = float32(Float32Array.from(rows.flatMap((row) => Array.from(row))), [rows.length, rows[0].length]);
    const outputs: Float32Array[] = [];
    for (const step of steps) outputs.push((await run({ wave, step })).y.data as Float32Array);
    return outputs;
  });

/** Harmonics of a gliding pitch, rounded to whole numbers as a recording's samples are. */
const voice = (samples: number) =>
  Float32Array.from({ length: samples }, (_, i) => {
    const phase = (2 * Math.PI * 120 * i) / 16000 + 3 * Math.sin(i / 900);
    return Math.round(
      1500 * (Math.sin(phase) + Math.sin(5 * phase) / 2 + Math.sin(17 * phase) / 9) + ((i * 7919) % 31),
    );
  });

for (const signal of ['chirp', 'speechy']) {
  for (const [form, given] of Object.entries({
    hamming: {},
    povey: { window: 'povey' },
    'hamming-padded': { snipEdges: false },
  })) {
    test(`matches Kaldi: ${signal}-${form}`, async (t) => {
      const fixture = (name: string) =>
        readNpy(fileURLToPath(new URL(`../../../../test/fixtures/fbank/${name}.npy`, import.meta.url)));
      const expected = fixture(`${signal}-${form}`);
      const [actual] = await graphFbank([fixture(signal).data as Int32Array], fbankOptions.parse(given));
      t.is(actual.length, expected.shape[0] * 80);
      const errors = actual.map((value, i) => Math.abs(value - (expected.data as Float32Array)[i]));
      t.true(Math.max(...errors) < 1e-3, `largest difference ${Math.max(...errors)}`);
    });
  }
}

for (const given of [
  {},
  { window: 'povey', bins: 23 },
  { bins: 40, lowHz: 60, highHz: -400, preEmphasis: 0 },
  { sampleRateHz: 8000, bins: 30, highHz: 3800 },
  { frameLengthMs: 33, frameShiftMs: 7, removeDcOffset: false },
  { frameLengthMs: 20, frameShiftMs: 30 },
  { snipEdges: false, frameLengthMs: 32, frameShiftMs: 11 },
]) {
  test(`matches plain loops: ${JSON.stringify(given)}`, async (t) => {
    const options = fbankOptions.parse(given);
    const rows = [normals(3001, 'fbank', 2000), voice(3001)];
    const [actual] = await graphFbank(rows, options);
    const expected = rows.flatMap((row) => naiveFbank(row, options)).flat();
    close(t, actual, expected, 1e-3);
  });
}

test('short signals are mirrored as often as it takes', async (t) => {
  const options = fbankOptions.parse({ snipEdges: false });
  const row = normals(130, 'short', 900);
  const [actual] = await graphFbank([row], options);
  close(t, actual, naiveFbank(row, options).flat(), 1e-3);
});

test('degenerate signals stay finite and exact', async (t) => {
  const silent = await graphFbank([new Float32Array(800), new Float32Array(800).fill(12345)], DEFAULTS);
  close(t, silent[0], new Array(silent[0].length).fill(LOG_FLOOR), 1e-6, 'zeros and a constant');
  const impulse = Float32Array.from({ length: 800 }, (_, i) => (i === 333 ? 32767 : 0));
  const square = Float32Array.from({ length: 800 }, (_, i) => (Math.floor(i / 20) % 2 === 0 ? 32767 : -32768));
  const [energies] = await graphFbank([impulse, square], DEFAULTS);
  close(t, energies, [impulse, square].flatMap((row) => naiveFbank(row, DEFAULTS)).flat(), 1e-3, 'impulse and square');
});

test('400 samples are one frame, 399 are an error of the user', async (t) => {
  const row = normals(400, 'one', 1000);
  const [frame] = await graphFbank([row], DEFAULTS);
  close(t, frame, naiveFbank(row, DEFAULTS)[0], 1e-3);
  const error = await t.throwsAsync(graphFbank([row.subarray(1)], DEFAULTS), { instanceOf: UserError });
  t.regex(error!.message, /^399 samples are too few.*at least 400/);
});

test('samplesFor is the fewest samples that frameCount gives the frames for', (t) => {
  const shapes = fc.record({
    sampleRateHz: fc.constantFrom(8000, 11025, 16000),
    frameLengthMs: fc.integer({ min: 5, max: 60 }),
    frameShiftMs: fc.integer({ min: 2, max: 30 }),
    snipEdges: fc.boolean(),
  });
  const property = fc.property(shapes, fc.integer({ min: 1, max: 500 }), (shape, frames) => {
    const options = { ...DEFAULTS, ...shape };
    const samples = samplesFor(frames, options);
    return frameCount(samples, options) === frames && frameCount(samples - 1, options) === frames - 1;
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});

test('options that cannot be met are refused', async (t) => {
  t.false(fbankOptions.safeParse({ highHz: 9000 }).success);
  t.false(fbankOptions.safeParse({ lowHz: 5000, highHz: 4000 }).success);
  t.false(fbankOptions.safeParse({ bin: 80 }).success);
  t.is(featureDefinition.safeParse({ lowHz: 5000, highHz: 4000 }).error?.issues[0].path[0], 'highHz');
  const tooMany = graphFbank([new Float32Array(400)], fbankOptions.parse({ bins: 400 }));
  t.regex((await t.throwsAsync(tooMany, { instanceOf: UserError }))!.message, /400 mel bins are too many/);
});

test('dither is drawn by step, with the stated power, for each frame anew', async (t) => {
  const options = fbankOptions.parse({ dither: 2 });
  const [first, second, again] = await graphFbank([new Float32Array(80240)], options, [0, 1, 0]);
  t.deepEqual(again, first);
  t.notDeepEqual(second, first);
  const frames = frameCount(80240, options);
  // The expected energy of white noise is the sum of what each of its samples brings in alone.
  const impulses = Array.from({ length: 400 }, (_, at) =>
    Float32Array.from({ length: 400 }, (_, i) => (i === at ? 2 : 0)),
  );
  const parts = impulses.map((impulse) => naiveFbank(impulse, DEFAULTS)[0].map(Math.exp));
  for (const bin of [5, 20, 50, 79]) {
    const energies = Array.from({ length: frames }, (_, frame) => Math.exp(first[frame * 80 + bin]));
    const mean = energies.reduce((sum, value) => sum + value) / frames;
    const expected = parts.reduce((sum, part) => sum + part[bin], 0);
    t.true(Math.abs(mean / expected - 1) < 0.15, `bin ${bin}: mean energy ${mean}, expected ${expected}`);
    const spread = energies.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const next = energies.slice(1).reduce((sum, value, i) => sum + (value - mean) * (energies[i] - mean), 0);
    t.true(Math.abs(next / spread) < 0.15, `bin ${bin}: neighbouring frames correlate by ${next / spread}`);
  }
});

test('a padded row is normalised over its valid frames only', async (t) => {
  const definition = featureDefinition.parse({});
  const [long, short] = [normals(16240, 'long', 800), voice(samplesFor(37, definition))];
  const padded = new Float32Array(2 * long.length);
  padded.set(long);
  padded.set(short, long.length);
  const outputs = await withSession(async (session) => {
    const use = { name: 'embed', dither: false };
    const alone = session.compile('alone', ({ wave }) => ({ y: features(wave, definition, use) }));
    const both = session.compile('both', ({ wave, lengths }: Record<string, Tensor>) => ({
      y: features(wave, definition, { ...use, lengths }),
    }));
    return {
      alone: (await alone({ wave: float32(short, [1, short.length]) })).y.data as Float32Array,
      both: (await both({ wave: float32(padded, [2, long.length]), lengths: int32([100, 37]) })).y.data as Float32Array,
    };
  });
  const row = outputs.both.subarray(100 * 80);
  close(t, row.subarray(0, 37 * 80), outputs.alone, 1e-4, 'valid frames');
  t.true(row.subarray(37 * 80).every((value) => value === 0));
  const means = Array.from(
    { length: 80 },
    (_, bin) => outputs.alone.filter((_, i) => i % 80 === bin).reduce((a, b) => a + b) / 37,
  );
  close(t, means, new Array(80).fill(0), 1e-4, 'means');
});

test('a row without valid frames becomes zeros', async (t) => {
  const y = await withSession(async (session) => {
    const run = session.compile('mean', ({ x, lengths }: Record<string, Tensor>) => ({ y: meanNormalise(x, lengths) }));
    return (await run({ x: float32([1, 2, 3, 4], [1, 2, 2]), lengths: int32([0]) })).y.data as Float32Array;
  });
  t.deepEqual([...y], [0, 0, 0, 0]);
});

test('a long recording is computed piece by piece as in one', async (t) => {
  const options = fbankOptions.parse({ bins: 20 });
  const samples = normals(samplesFor(6003, options), 'recording', 0.05);
  const pieces = await withSession((session) => fbankOfRecording(session, samples, options));
  const [whole] = await graphFbank([samples.map((value) => value * 32768)], options);
  t.is(pieces.frames, 6003);
  close(t, pieces.data, whole, 1e-4);
  subtractMeans(pieces.data, 20);
  const sum = pieces.data.reduce((total, value, i) => (i % 20 === 7 ? total + value : total), 0);
  t.true(Math.abs(sum / 6003) < 1e-4);
});
