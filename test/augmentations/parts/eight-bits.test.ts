import { readFileSync } from 'node:fs';
import test from 'ava';
import { quantise } from '../../../src/augmentations/parts/eight-bits.js';
import { normals } from '../../helpers/random-values.js';
import { changed, difference, powerOf } from '../../helpers/rows.js';

const { g711 } = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/augment/augment.json', import.meta.url), 'utf8'),
) as { g711: Record<'samples' | 'mu' | 'a', number[]> };

for (const [law, expected] of [
  ['mu-law', g711.mu],
  ['a-law', g711.a],
] as const) {
  test(`${law} is G.711's`, async (t) => {
    const [read] = await changed([Float32Array.from(g711.samples)], (x) => quantise(x, law));
    const wrong = g711.samples.filter((_, i) => read[i] !== expected[i]);
    t.deepEqual(wrong, [], `${wrong.map((x) => `${x}: ${read[g711.samples.indexOf(x)]}`)}`);
  });
}

test('samples beyond int16 are limited, in every law', async (t) => {
  for (const law of ['mu-law', 'a-law', 'linear'] as const) {
    const [read] = await changed([Float32Array.of(1e6, -1e6, 0, 0.4)], (x) => quantise(x, law));
    t.true(
      read.every((value) => Math.abs(value) <= 32767),
      `${law}: ${read}`,
    );
    t.true(read[0] > 31000 && read[1] < -31000 && Math.abs(read[2]) <= 128, `${law}: ${read}`);
  }
});

test('linear 8 bits err evenly over a step of 256', async (t) => {
  const row = normals(4000, 'x', 5000);
  const [read] = await changed([row], (x) => quantise(x, 'linear'));
  const error = difference(read, row);
  t.true(error.every((value) => Math.abs(value) <= 128));
  t.true(Math.abs(powerOf(error) / (256 ** 2 / 12) - 1) < 0.1);
});
