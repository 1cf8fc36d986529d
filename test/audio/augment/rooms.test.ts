import test from 'ava';
import { mixNoiseAndRooms, recipeOptions } from '../../../src/audio/augment/recipes.js';
import { reverberate, reverbOptions } from '../../../src/audio/augment/rooms.js';
import { close } from '../../helpers/close.js';
import { tinyBank } from '../../helpers/corpora/tiny-bank.js';
import { normals } from '../../helpers/random-values.js';
import { changed, decibels, difference, powerOf } from '../../helpers/rows.js';

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
    const found = { reverb: 0, noise: 0, both: 0, none: 0 };
    for (const row of mixed) {
      const turned = row[1] < row[0];
      const shifted = Math.abs(row[0] + row[1]) > 1;
      if (turned) found[shifted ? 'both' : 'reverb']++;
      else found[shifted ? 'noise' : 'none']++;
    }
    for (const [kind, share] of [
      ['reverb', reverb],
      ['noise', noisy],
      ['both', both],
    ] as const)
      t.true(Math.abs(found[kind] - share * count) <= 1, `${recipe}: ${found[kind]} rows with ${kind}`);
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
