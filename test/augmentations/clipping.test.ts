import test from 'ava';
import { clip, clippingOptions } from '../../src/augmentations/clipping.js';
import { normals } from '../helpers/random-values.js';
import { changed } from '../helpers/rows.js';

const rows = Array.from({ length: 50 }, (_, i) => normals(2000, `row ${i}`, 1000));
const peakOf = (row: Float32Array) => Math.max(...row.map(Math.abs));

test('clipping cuts at a share of the peak and leaves what is below', async (t) => {
  const cut = await changed([...rows, new Float32Array(2000)], (wave) => clip(wave, clippingOptions.parse({}), 'c'));
  rows.forEach((row, i) => {
    const share = peakOf(cut[i]) / peakOf(row);
    t.true(share >= 0.0999 && share <= 0.5001, `${share}`);
    const most = peakOf(cut[i]);
    t.true(cut[i].every((value, k) => Math.abs(value - Math.max(-most, Math.min(most, row[k]))) < 1e-2));
  });
  t.true(cut[50].every((value) => value === 0));
});
