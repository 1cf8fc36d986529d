import test from 'ava';
import { type Branch, forSome, oneOf } from '../../../src/audio/augment/choice.js';
import { type Tensor, tf } from '../../../src/engine/tf.js';
import { changed } from '../../helpers/rows.js';

const plus = (share: number, amount: number): Branch => ({ share, apply: (rows) => tf.add(rows, amount) as Tensor });
const rowsOf = (count: number) => Array.from({ length: count }, (_, i) => Float32Array.of(i, -i));

test('every row goes one way, whole, and stays in its place', async (t) => {
  const rows = rowsOf(50);
  const ways = [plus(0.2, 1000), plus(0.3, 2000), plus(0.1, 3000)];
  for (const step of [0, 1, 2, 3]) {
    const result = await changed(rows, (wave) => oneOf(wave, ways, 'way'), { step });
    const counts = [0, 0, 0, 0];
    result.forEach((row, i) => {
      const way = Math.round((row[0] - i) / 1000);
      t.deepEqual([...row], [i + 1000 * way, -i + 1000 * way]);
      counts[way]++;
    });
    t.deepEqual(counts, [20, 10, 15, 5], 'whole shares are met exactly');
  }
});

test('shares are probabilities for every row, and never off by more than a row', async (t) => {
  const rows = rowsOf(7);
  const ways = [plus(0.3, 100), plus(0.25, 200)];
  const taken = rows.map(() => [0, 0, 0]);
  const steps = 400;
  for (let step = 0; step < steps; step += 100) {
    // A hundred draws at once, each under a name of its own.
    const results = await changed(
      rows,
      (wave) =>
        tf.concat(
          Array.from({ length: 100 }, (_, i) => oneOf(wave, ways, `way${i}`)),
          1,
        ),
      { step },
    );
    for (let draw = 0; draw < 100; draw++) {
      const counts = [0, 0, 0];
      results.forEach((row, i) => {
        const way = Math.round((row[2 * draw] - i) / 100);
        counts[way]++;
        taken[i][way]++;
      });
      t.true(counts[1] >= 2 && counts[1] <= 3 && counts[2] >= 1 && counts[2] <= 2, `${counts}`);
    }
  }
  for (const [none, first, second] of taken) {
    // Within four standard deviations of a binomial.
    for (const [count, share] of [
      [none, 0.45],
      [first, 0.3],
      [second, 0.25],
    ]) {
      t.true(Math.abs(count - share * steps) < 4 * Math.sqrt(steps * share * (1 - share)), `${count} for ${share}`);
    }
  }
});

test('certain, impossible and no branches', async (t) => {
  const rows = rowsOf(3);
  t.deepEqual(await changed(rows, (wave) => oneOf(wave, [], 'none')), rows);
  t.deepEqual(await changed(rows, (wave) => forSome(wave, 0, (x) => tf.mul(x, 0) as Tensor, 'never')), rows);
  const always = await changed(rows, (wave) => forSome(wave, 1, (x) => tf.add(x, 5) as Tensor, 'always'));
  t.deepEqual(
    always,
    rows.map((row) => row.map((value) => value + 5)),
  );
  const halves = await changed(rows, (wave) => oneOf(wave, [plus(0.5, 10), plus(0.5, 20)], 'halves'));
  t.true(halves.every((row, i) => [10, 20].includes(row[0] - i)));
  const [only] = await changed([Float32Array.of(1)], (wave) => oneOf(wave, [plus(0.5, 10), plus(0.5, 20)], 'one'));
  t.true([11, 21].includes(only[0]));
  const tooMuch = changed(rows, (wave) => oneOf(wave, [plus(0.7, 1), plus(0.7, 2)], 'much'));
  await t.throwsAsync(tooMuch, { message: /add up to 1.4, more than 1/ });
});

test('ways follow seed, step and name', async (t) => {
  const rows = rowsOf(40);
  const draw = (name: string, how: object) =>
    changed(rows, (wave) => forSome(wave, 0.5, (x) => tf.add(x, 99) as Tensor, name), how);
  const first = await draw('a', {});
  t.deepEqual(await draw('a', {}), first);
  for (const other of [await draw('b', {}), await draw('a', { step: 1 }), await draw('a', { seed: 1 })])
    t.notDeepEqual(other, first);
});
