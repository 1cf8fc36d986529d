import test from 'ava';
import { mixNoiseAndRooms, recipeOptions } from '../../src/augmentations/noise-reverb.js';
import { tinyBank } from '../helpers/corpora/tiny-bank.js';
import { changed, difference, powerOf } from '../helpers/rows.js';

test('recipes mix in their shares', async (t) => {
  // A room that turns the sign and a constant noise: each row tells what happened to it.
  const bank = tinyBank(t, { noise: [new Int16Array(1600).fill(1)] }, [Float32Array.of(-1, 0)]);
  const count = 120;
  const square = Float32Array.from({ length: 320 }, (_, i) => (i % 2 ? 100 : -100));
  const rows = Array.from({ length: count }, () => square);
  for (const [recipe, reverb, noisy, both] of [
    ['wespeaker', 0.3, 0.3, 0],
    ['wespeaker-ssl', 0.5, 0.5, 0],
    ['3d-speaker', 0.8 / 3, 0.8 / 3, 0.8 / 3],
    ['3d-speaker-ssl', 1 / 8, 3 / 8, 1 / 3],
    ['sslsv-both', 0, 0, 1],
    ['sslsv-all', 0.25, 0.25, 0.25],
    ['loss-gated', 0.25, 0.25, 0.5],
  ] as const) {
    const options = recipeOptions.parse({ recipe });
    const mixed = await changed(rows, (wave) => mixNoiseAndRooms(wave, bank, options, 'm'));
    const counts = { reverb: 0, noise: 0, both: 0, none: 0 };
    for (const row of mixed) {
      const turned = row[1] < row[0];
      const shifted = Math.abs(row[0] + row[1]) > 1;
      if (turned) counts[shifted ? 'both' : 'reverb']++;
      else counts[shifted ? 'noise' : 'none']++;
    }
    for (const [kind, share] of [
      ['reverb', reverb],
      ['noise', noisy],
      ['both', both],
    ] as const)
      t.true(Math.abs(counts[kind] - share * count) <= 1, `${recipe}: ${counts[kind]} rows with ${kind}`);
    const peaks = mixed.map((row) => Math.max(...row.map(Math.abs)));
    const changedOnes = mixed.filter((row) => powerOf(difference(row, square)) > 1).length;
    if (options.normalise) t.is(peaks.filter((peak) => Math.abs(peak - 32767) < 1).length, changedOnes);
    else t.true(Math.max(...peaks) < 500);
  }
});

test('a recipe may be changed in parts, and written options read again are the same', (t) => {
  const options = recipeOptions.parse({ recipe: 'loss-gated', both: 0.1, noises: { noise: { snrDb: [3, 3] } } });
  t.like(options, { reverb: 0.25, noise: 0.25, both: 0.1, gainDb: [-7, 3], normalise: false });
  t.deepEqual(options.noises.noise.snrDb, [3, 3]);
  t.deepEqual(recipeOptions.parse(options), options);
  t.false(recipeOptions.safeParse({ reverb: 0.6, noise: 0.6 }).success);
});
