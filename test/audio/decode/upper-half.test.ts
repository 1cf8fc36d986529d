import test from 'ava';
import { resample } from '../../../src/audio/decode/resample.js';
import { isUpperHalfEmpty } from '../../../src/audio/decode/upper-half.js';
import { createRng } from '../../../src/random.js';

const rng = createRng('upper half');
const noise = Float32Array.from({ length: 8000 }, () => rng.next() / 4 - 1 / 8);
const tone = (hz: number, amplitude: number) =>
  Float32Array.from({ length: 16000 }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / 16000));

const added = (a: Float32Array, b: Float32Array) => a.map((value, i) => value + b[i]);

test('what was brought to twice its rate, and silence, have an empty upper half', (t) => {
  t.true(isUpperHalfEmpty([resample(noise, 8000, 16000)]));
  t.true(isUpperHalfEmpty([tone(3900, 0.5), new Float32Array(16000)]));
  t.true(isUpperHalfEmpty([new Float32Array(3000)]));
});

test('a weak tone in the upper half, in one channel, fills it', (t) => {
  const low = resample(noise, 8000, 16000);
  const withTone = added(low, tone(6000, 0.001));
  t.false(isUpperHalfEmpty([low, withTone]));
});
