import test from 'ava';
import { toPcm16 } from '../../../src/data/shards/pcm16.js';
import { createRng } from '../../../src/random.js';

const rng = createRng('pcm16 range');
/** Noise whose loudest sample is 0.9, on the grid of 16 bits. */
const whole = Int16Array.from({ length: 5000 }, () => Math.round(29491 * rng.uniform(-1, 1)));
const samples = Float32Array.from(whole, (value) => value / 32768);

const scaled = (factor: number) => samples.map((value) => value * factor);

test('what 16 bits hold comes back bit for bit, however quiet', (t) => {
  t.deepEqual(toPcm16(samples), whole);
  const quiet = whole.map((value) => value >> 9);
  t.deepEqual(toPcm16(Float32Array.from(quiet, (value) => value / 32768)), quiet);
});

test('floating point far below 16 bits, or far above, is brought to the range by a power of two', (t) => {
  for (const exponent of [-10, -40, 3, 15, 31]) t.deepEqual(toPcm16(scaled(2 ** exponent)), whole, `2^${exponent}`);
  const minus60 = toPcm16(scaled(1e-3));
  const factor = minus60[0] / whole[0];
  t.true(minus60.every((value, i) => Math.abs(value - factor * whole[i]) <= 1));
});

test('a few samples beyond full scale are limited, and leave the rest alone', (t) => {
  const click = samples.slice();
  click[7] = 1000;
  click[8] = -1.2;
  const expected = whole.slice();
  expected[7] = 32767;
  expected[8] = -32768;
  t.deepEqual(toPcm16(click), expected);
});
