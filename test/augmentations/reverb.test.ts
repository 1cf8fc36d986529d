import test from 'ava';
import { reverberate, reverbOptions } from '../../src/augmentations/reverb.js';
import { close } from '../helpers/close.js';
import { tinyBank } from '../helpers/corpora/tiny-bank.js';
import { normals } from '../helpers/random-values.js';
import { changed, decibels, powerOf } from '../helpers/rows.js';

const noise = { noise: [Int16Array.from(normals(16000, 'noise', 500))] };
const unit = (taps: Float32Array) => taps.map((tap) => tap / Math.sqrt(powerOf(taps) * taps.length));
const room = (taps: number, seed: string) =>
  unit(normals(taps, seed).map((value, i) => (i === 0 ? 2 : value * Math.exp(-i / 30))));

function convolved(x: Float32Array, taps: Float32Array): Float32Array {
  return x.map((_, at) => {
    let sum = 0;
    for (let k = 0; k < Math.min(taps.length, at + 1); k++) sum += taps[k] * x[at - k];
    return sum;
  });
}

for (const [samples, taps] of [
  [800, 200],
  [100, 333],
  [777, 1],
]) {
  test(`a room is the direct convolution: ${samples} samples, ${taps} taps`, async (t) => {
    const response = room(taps, 'room');
    const bank = tinyBank(t, noise, [response]);
    const rows = [normals(samples, 'a', 1000), new Float32Array(samples), normals(samples, 'b', 10)];
    const played = await changed(rows, (wave) => reverberate(wave, bank, reverbOptions.parse({}), 'r'));
    rows.forEach((row, i) => {
      const scale = Math.sqrt(powerOf(row)) + 1e-9;
      const [actual, expected] = [played[i], convolved(row, response)].map((x) => x.map((value) => value / scale));
      close(t, actual, expected, 1e-5);
    });
  });
}

test('rows draw rooms and gains for themselves; nothing comes before the sound', async (t) => {
  const bank = tinyBank(t, noise, [room(64, 'a'), room(64, 'b'), room(64, 'c')]);
  const click = Float32Array.from({ length: 300 }, (_, i) => (i === 100 ? 1000 : 0));
  const rows = Array.from({ length: 60 }, () => click);
  const played = await changed(rows, (wave) => reverberate(wave, bank, reverbOptions.parse({ gainDb: [-7, 3] }), 'r'));
  const gains = played.map((row) => decibels(powerOf(row) / powerOf(click)));
  t.true(Math.min(...gains) > -7.01 && Math.max(...gains) < 3.01 && Math.max(...gains) - Math.min(...gains) > 7);
  for (const row of played) t.true(Math.max(...row.subarray(0, 100).map(Math.abs)) < 1e-2);
  const shapes = new Set(played.map((row) => (row[101] / row[100]).toFixed(4)));
  t.is(shapes.size, 3);
});
