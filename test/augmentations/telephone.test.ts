import test from 'ava';
import { overTelephone, telephoneOptions } from '../../src/augmentations/telephone.js';
import { changed, decibels, powerOf } from '../helpers/rows.js';

const RATE_HZ = 16000;
const sine = (hz: number, samples = 8000, level = 8000) =>
  Float32Array.from({ length: samples }, (_, i) => level * Math.sin((2 * Math.PI * hz * i) / RATE_HZ));
const middle = (row: Float32Array) => row.subarray(1000, row.length - 1000);
const fallOf = (before: Float32Array, after: Float32Array) =>
  decibels(powerOf(middle(after)) / powerOf(middle(before)));

test('a telephone passes 300 to 3400 Hz', async (t) => {
  const hertz = [60, 1000, 2000, 5000, 7000];
  const rows = hertz.map((hz) => sine(hz));
  const heard = await changed(rows, (wave) => overTelephone(wave, telephoneOptions.parse({}), 'p'));
  const falls = rows.map((row, i) => fallOf(row, heard[i]));
  t.true(falls[0] < -20 && falls[3] < -25 && falls[4] < -25, `${falls}`);
  t.true(Math.abs(falls[1]) < 1 && Math.abs(falls[2]) < 2, `${falls}`);
});

test('a range that ends below its beginning is refused', (t) => {
  t.false(telephoneOptions.safeParse({ lowHz: [400, 200] }).success);
});
