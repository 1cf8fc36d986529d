import test from 'ava';
import { toPcm16 } from '../../src/data/shards/pcm16.js';
import { embedPieces } from '../../src/embed/embed-pieces.js';
import { createExtractor } from '../../src/embed/extract.js';
import type { Extractor } from '../../src/embed/extractor.js';
import { HIGHEST_LEVEL, hearBatch, LOWEST_LEVEL, NOISE_LEVEL } from '../../src/embed/hearing.js';
import type { Tensor } from '../../src/engine/tf.js';
import type { Pass } from '../../src/nn/pass.js';
import { timeMoments } from '../../src/nn/pooling.js';
import { createRng } from '../../src/random.js';
import { withSession } from '../helpers/session.js';
import { BINS, smallFeatures } from '../helpers/training/small-training.js';

const SECOND = 16000;

/** Harmonics in syllables of a quarter of a second with pauses between, over a noise 45 dB below: [-1, 1], four seconds. */
function speech(seed: number): Float32Array {
  const rng = createRng('hearing test').fork(seed);
  const pitchHz = 110 + 35 * seed;
  return Float32Array.from({ length: 4 * SECOND }, (_, i) => {
    const envelope = Math.max(0, Math.sin((2 * Math.PI * 2 * i) / SECOND)) ** 0.5;
    const harmonic = (k: number) => Math.sin((2 * Math.PI * k * pitchHz * i) / SECOND + k) / k;
    const voiced = [1, 2, 3, 5, 8 + seed, 13].reduce((sum, k) => sum + harmonic(k), 0);
    return 0.1 * envelope * voiced + 0.0006 * rng.normal();
  });
}

/** The quietest quarter of 10 ms frames set to zero, as a noise gate does. */
function gated(samples: Float32Array): Float32Array {
  const frames = Array.from({ length: samples.length / 160 }, (_, f) => samples.subarray(f * 160, (f + 1) * 160));
  const power = frames.map((frame) => frame.reduce((sum, value) => sum + value ** 2, 0));
  const limit = power.slice().sort((a, b) => a - b)[Math.floor(power.length / 4)];
  return samples.map((value, i) => (power[Math.floor(i / 160)] < limit ? 0 : value));
}

/** A packet of 20 ms in twenty is lost. */
const lost = (samples: Float32Array) => samples.map((value, i) => (Math.floor(i / 320) % 20 === 7 ? 0 : value));

function padded(samples: Float32Array): Float32Array {
  const all = new Float32Array(samples.length + 2 * SECOND);
  all.set(samples, SECOND);
  return all;
}

const louder = (db: number) => (samples: Float32Array) => samples.map((value) => value * 10 ** (db / 20));

function cosine(a: Float32Array, b: Float32Array): number {
  const sum = (of: (i: number) => number) => a.reduce((total, _, i) => total + of(i), 0);
  return sum((i) => a[i] * b[i]) / Math.sqrt(sum((i) => a[i] ** 2) * sum((i) => b[i] ** 2));
}

/** The spread of each bin over time, which a frame of digital zeros changes more than a speaker does. */
const spread = (input: Tensor, pass: Pass): Tensor => timeMoments(input, pass).deviation;

const withEar = (act: (extractor: Extractor) => Promise<void>): Promise<void> =>
  withSession((session) => act(createExtractor(session, smallFeatures, BINS, spread)));

const rowsOf = (vectors: Float32Array) =>
  Array.from({ length: vectors.length / BINS }, (_, row) => vectors.slice(row * BINS, (row + 1) * BINS));

const CHANGES: [string, (samples: Float32Array) => Float32Array, number][] = [
  ['gated pauses', gated, 0.97],
  ['lost packets', lost, 0.98],
  ['a second of zeros before and after', padded, 0.98],
  ['60 dB less', louder(-60), 0.9999],
  ['40 dB less', louder(-40), 0.9999],
  ['20 dB less', louder(-20), 0.9999],
  ['20 dB more, beyond full scale', louder(20), 0.999],
  ['values of 16 bits in floating point', (samples) => samples.map((value) => value * 32768), 0.9999],
];

for (const [name, change, least] of CHANGES) {
  test(`the vector of a recording stays with ${name}`, async (t) => {
    const originals = [0, 1, 2].map(speech);
    await withEar(async (extractor) => {
      const before = rowsOf(await embedPieces(originals.map(toPcm16), extractor));
      const after = rowsOf(await embedPieces(originals.map(change).map(toPcm16), extractor));
      for (const [i, vector] of after.entries()) {
        const found = cosine(vector, before[i]);
        t.true(found >= least, `${found}`);
      }
    });
  });
}

test('a recording has one vector, to the bit again, and alike beside others and with any padding', async (t) => {
  const [a, b, c] = [0, 1, 2].map((seed) => toPcm16(speech(seed)));
  await withEar(async (extractor) => {
    const alone = await embedPieces([a], extractor);
    t.deepEqual(await embedPieces([a], extractor), alone);
    const [beside] = rowsOf(await embedPieces([a, b, c.subarray(0, 30000), new Int16Array(50000)], extractor));
    const [longer] = rowsOf(await embedPieces([a], extractor, { bucket: { bucketsPerOctave: 1 } }));
    for (const other of [beside, longer]) t.true(other.every((value, i) => Math.abs(value - alone[i]) < 1e-4));
  });
});

const batchOf = (pcm: Int16Array, samples = pcm.length) => {
  const row = new Int16Array(samples);
  row.set(pcm);
  return { pcm: row, lengths: Int32Array.of(pcm.length), rows: 1, samples, indices: Int32Array.of(0) };
};

const tone = (seconds: number, amplitude: number, offset = 0) =>
  Int16Array.from(
    { length: seconds * SECOND },
    (_, i) => offset + amplitude * Math.sin((2 * Math.PI * 200 * i) / SECOND),
  );

/** RMS of the second from 0.5 s, around its mean, as it is heard. */
function levelHeard(pcm: Int16Array): number {
  const { wave } = hearBatch(batchOf(pcm));
  const second = wave.subarray(8000, 24000);
  const mean = second.reduce((sum, value) => sum + value, 0) / SECOND;
  return Math.sqrt(second.reduce((sum, value) => sum + (value - mean) ** 2, 0) / SECOND);
}

test('speech of an ordinary level keeps it, other speech comes to the edge of the range, around its offset, whatever silence is with it', (t) => {
  const withPauses = (amplitude: number) => {
    const pcm = new Int16Array(5 * SECOND);
    pcm.set(tone(2, amplitude));
    pcm.set(tone(2, amplitude), 3 * SECOND);
    return pcm;
  };
  const levels: [number, number][] = [
    [50, LOWEST_LEVEL],
    [2000, 2000 / Math.SQRT2],
    [20000, HIGHEST_LEVEL],
  ];
  for (const [amplitude, expected] of levels) {
    for (const pcm of [tone(3, amplitude), tone(3, amplitude, 2000), withPauses(amplitude)]) {
      const rms = levelHeard(pcm);
      t.true(Math.abs(rms / expected - 1) < 0.01, `${amplitude}: ${rms}`);
    }
  }
});

test('silence at the ends is cut to 20 ms, with noise of one bit too, and silence alone stays as it is', (t) => {
  const sound = toPcm16(speech(1)).subarray(1600, 4000);
  const rng = createRng('one bit');
  const lengthWith = (before: number, behind: number, noise = 0) => {
    const pcm = new Int16Array(before + sound.length + behind).map(() => Math.round(noise * rng.normal()));
    pcm.set(sound, before);
    return hearBatch(batchOf(pcm, 64000)).lengths[0];
  };
  t.is(lengthWith(0, 0), 2400);
  t.is(lengthWith(320, 320), 2400 + 640);
  for (const noise of [0, 1]) {
    t.is(lengthWith(4800, 4800, noise), 2400 + 640);
    t.is(lengthWith(16000, 0, noise), 2400 + 320);
    t.is(lengthWith(0, 16000, noise), 2400 + 320);
  }
  t.deepEqual([...hearBatch(batchOf(new Int16Array(8000).fill(7))).lengths], [8000]);
});

test('the noise is of the stated level and depends on the place alone', (t) => {
  const [short, long] = [5000, 300_000].map(
    (samples) => hearBatch(batchOf(toPcm16(speech(0)).subarray(0, 4000), samples)).noise,
  );
  t.deepEqual(long.subarray(0, 5000), short);
  const rms = Math.sqrt(long.reduce((sum, value) => sum + value ** 2, 0) / long.length);
  t.true(Math.abs(rms / NOISE_LEVEL - 1) < 0.02, `${rms}`);
});
