import test from 'ava';
import { changeGain, gainOptions } from '../../src/augmentations/gain.js';
import { normals } from '../helpers/random-values.js';
import { changed, decibels, powerOf } from '../helpers/rows.js';

const rows = Array.from({ length: 50 }, (_, i) => normals(2000, `row ${i}`, 1000));

test('gains fill their range and scale whole rows', async (t) => {
  const louder = await changed(rows, (wave) => changeGain(wave, gainOptions.parse({ db: [-6, 6] }), 'g'));
  const gains = rows.map((row, i) => decibels(powerOf(louder[i]) / powerOf(row)));
  t.true(Math.min(...gains) >= -6.01 && Math.max(...gains) <= 6.01 && Math.max(...gains) - Math.min(...gains) > 9);
  rows.forEach((row, i) => {
    const factor = louder[i][0] / row[0];
    t.true(row.every((value, k) => Math.abs(louder[i][k] - factor * value) < 0.1));
  });
});
