import test from 'ava';
import { type CepstraOptions, cepstralFrames, frameSize } from '../../src/classical/cepstra.js';
import type { Tensor } from '../../src/engine/tf.js';
import { float32, int32 } from '../../src/host-tensor.js';
import { createRng } from '../../src/random.js';
import { close } from '../helpers/close.js';
import { withSession } from '../helpers/session.js';

const [BINS, CEPSTRA] = [12, 5];
const OPTIONS: CepstraOptions = { cepstra: CEPSTRA, deltas: 2, speechDb: 30, normalise: 'mean-variance' };

/** Log mel energies of a row: some frames are far below the loudest. */
function logMel(frames: number, seed: string): number[][] {
  const rng = createRng(seed);
  return Array.from({ length: frames }, (_, t) => {
    const level = t % 7 === 3 ? -9 : 0;
    return Array.from({ length: BINS }, () => 12 + level + rng.normal());
  });
}

const at = <T>(rows: T[], t: number): T => rows[Math.min(rows.length - 1, Math.max(0, t))];
/** Regression slopes over two frames on each side: sum of n (x[t + n] - x[t - n]) over 2 (1 + 4). */
const slopes = (rows: number[][]): number[][] =>
  rows.map((row, t) =>
    row.map((_, k) => [1, 2].reduce((sum, n) => sum + (n * (at(rows, t + n)[k] - at(rows, t - n)[k])) / 10, 0)),
  );

/** The same frames by their definition; null where there is no speech. */
function naive(rows: number[][]): (number[] | null)[] {
  const cepstra = rows.map((row) =>
    Array.from({ length: CEPSTRA }, (_, k) => {
      const scale = Math.sqrt((k === 0 ? 1 : 2) / BINS);
      return scale * row.reduce((sum, value, j) => sum + value * Math.cos((Math.PI * k * (j + 0.5)) / BINS), 0);
    }),
  );
  const first = slopes(cepstra);
  const second = slopes(first);
  const all = cepstra.map((row, t) => row.concat(first[t], second[t]));
  const decibels = rows.map((row) => 10 * Math.log10(row.reduce((sum, value) => sum + Math.exp(value), 0)));
  const isSpeech = decibels.map((value) => value >= Math.max(...decibels) - 30);
  const speech = all.filter((_, t) => isSpeech[t]);
  const mean = all[0].map((_, k) => speech.reduce((sum, row) => sum + row[k], 0) / speech.length);
  const variance = mean.map((m, k) => speech.reduce((sum, row) => sum + (row[k] - m) ** 2, 0) / speech.length);
  return all.map((row, t) => (isSpeech[t] ? row.map((value, k) => (value - mean[k]) / Math.sqrt(variance[k])) : null));
}

test('cepstra, derivatives, speech and normalisation are those of their definitions, whatever a row is padded with', async (t) => {
  const rows = [logMel(30, 'long'), logMel(17, 'short')];
  const padded = rows.map((row) => row.concat(Array.from({ length: 30 - row.length }, () => Array(BINS).fill(0))));
  const outputs = await withSession((session) => {
    const compiled = session.compile('cepstra', ({ x, lengths }: Record<string, Tensor>) => {
      const { frames, speech } = cepstralFrames(x, { training: false, lengths }, OPTIONS);
      return { frames, speech };
    });
    return compiled({ x: float32(padded.flat(2), [2, 30, BINS]), lengths: int32([30, 17]) });
  });
  const size = frameSize(OPTIONS);
  t.is(size, 15);
  const expected = rows.flatMap((row) => naive(row).concat(Array(30 - row.length).fill(null)));
  t.true(expected.includes(null) && expected.slice(0, 30).filter(Boolean).length > 20);
  close(
    t,
    outputs.speech.data as Float32Array,
    expected.map((frame) => Number(frame !== null)),
    0,
  );
  close(
    t,
    outputs.frames.data as Float32Array,
    expected.flatMap((frame) => frame ?? Array(size).fill(0)),
    1e-3,
  );
});

test('a recording of silence has finite frames, and more cepstra than bins are refused', async (t) => {
  await withSession(async (session) => {
    const run = (options: CepstraOptions, name: string) =>
      session.compile(name, ({ x }: Record<string, Tensor>) => {
        const { frames } = cepstralFrames(x, { training: false }, options);
        return { frames };
      })({ x: float32(new Float32Array(8 * BINS).fill(-15), [1, 8, BINS]) });
    const { frames } = await run(OPTIONS, 'silence');
    t.true((frames.data as Float32Array).every((value) => Math.abs(value) < 1));
    await t.throwsAsync(run({ ...OPTIONS, cepstra: BINS + 1 }, 'many'), {
      message: /13 coefficients out of 12 mel bins/,
    });
  });
});
