import test from 'ava';
import { normalisePeaks } from '../../src/augmentations/peak-normalise.js';
import { normals } from '../helpers/random-values.js';
import { changed } from '../helpers/rows.js';

const rows = Array.from({ length: 50 }, (_, i) => normals(2000, `row ${i}`, 1000));
const peakOf = (row: Float32Array) => Math.max(...row.map(Math.abs));

test('peaks come to full scale, and silence stays', async (t) => {
  const full = await changed([...rows, new Float32Array(2000)], normalisePeaks);
  for (const row of full.slice(0, 50)) t.true(Math.abs(peakOf(row) - 32767) < 0.1);
  t.deepEqual(full[50], new Float32Array(2000));
});
