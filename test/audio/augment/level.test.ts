import test from 'ava';
import {
  changeGain,
  clip,
  clippingOptions,
  dropChunkOptions,
  dropChunks,
  gainOptions,
  normalisePeaks,
} from '../../../src/audio/augment/level.js';
import { normals } from '../../helpers/random-values.js';
import { changed, decibels, powerOf } from '../../helpers/rows.js';

const rows = Array.from({ length: 50 }, (_, i) => normals(2000, `row ${i}`, 1000));
const peakOf = (row: Float32Array) => Math.max(...row.map(Math.abs));

test('gains fill their range and scale whole rows', async (t) => {
  const louder = await changed(rows, (wave) => changeGain(wave, gainOptions.parse({ db: [-6, 6] }), 'g'));
  const gains = rows.map((row, i) => decibels(powerOf(louder[i]) / powerOf(row)));
  t.true(Math.min(...gains) >= -6.01 && Math.max(...gains) <= 6.01 && Math.max(...gains) - Math.min(...gains) > 9);
  rows.forEach((row, i) => {
    const factor = louder[i][0] / row[0];
    t.true(row.every((value, k) => Math.abs(louder[i][k] - factor * value) < 0.1));
  });
});

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

test('peaks come to full scale, and silence stays', async (t) => {
  const full = await changed([...rows, new Float32Array(2000)], normalisePeaks);
  for (const row of full.slice(0, 50)) t.true(Math.abs(peakOf(row) - 32767) < 0.1);
  t.deepEqual(full[50], new Float32Array(2000));
});

test('chunks of the stated number and length are silenced', async (t) => {
  const ones = Array.from({ length: 100 }, () => new Float32Array(3000).fill(1));
  const options = dropChunkOptions.parse({ chunks: [1, 3], samples: [100, 200] });
  const dropped = await changed(ones, (wave) => dropChunks(wave, options, 'd'));
  const counts = dropped.map((row) => {
    const edges = row.filter((value, i) => i > 0 && value !== row[i - 1]).length;
    const silent = row.filter((value) => value === 0).length;
    t.true(row.every((value) => value === 0 || value === 1));
    t.true(silent >= 100 && silent <= 600, `${silent}`);
    return edges;
  });
  t.true(Math.max(...counts) === 6 && Math.min(...counts) <= 2, `${counts}`);
  const longer = await changed([new Float32Array(50).fill(1)], (wave) => dropChunks(wave, options, 'd'));
  t.deepEqual(longer[0], new Float32Array(50));
});
