import test from 'ava';
import { largestBatch, MOST_UTTERANCES } from '../../../src/pipeline/memory/largest-batch.js';

/** Looks for the largest batch under `bytesOf`, counting how often it is asked. */
async function search(bytesOf: (batch: number) => number, budget: number, { unit = 1, start = 64 } = {}) {
  let asked = 0;
  const count = async (batch: number) => {
    asked++;
    return bytesOf(batch);
  };
  const options = { unit, least: 2 * unit, start: { batch: start, bytes: bytesOf(start) } };
  return { batch: await largestBatch(count, budget, options), asked };
}

/** By trying all of them. */
function exhaustive(bytesOf: (batch: number) => number, budget: number, unit = 1): number | null {
  let best: number | null = null;
  for (let batch = 2 * unit; batch <= MOST_UTTERANCES; batch += unit) if (bytesOf(batch) <= budget) best = batch;
  return best;
}

test('affine memory takes three graphs at most, whatever the budget', async (t) => {
  const bytesOf = (batch: number) => 1000 + 37 * batch;
  for (const budget of [1080, 1500, 3000, 3367, 3368, 3369, 20_000]) {
    const { batch, asked } = await search(bytesOf, budget);
    t.is(batch, exhaustive(bytesOf, budget), `${budget}`);
    t.true(asked <= 3, `${budget}: ${asked}`);
  }
});

test('where memory is not affine the answer is one that was tried, near the best', async (t) => {
  const floor = (batch: number) => Math.max(4000, 10 * batch) + 100;
  const found = (await search(floor, 5000)).batch!;
  t.true(found <= 490 && found > 440, `${found}`);
  const jumps = (batch: number) => 500 * Math.ceil(batch / 8) + batch;
  const { batch } = await search(jumps, 2600);
  t.true(jumps(batch!) <= 2600);
  t.true(batch! >= exhaustive(jumps, 2600)! - 8);
});

test('micro-batches: only multiples, the smallest of two utterances each', async (t) => {
  const bytesOf = (batch: number) => 1000 + 10 * batch;
  t.is((await search(bytesOf, 1555, { unit: 4 })).batch, 52);
  t.is((await search(bytesOf, 1080, { unit: 4 })).batch, 8);
});

test('no batch, and every batch', async (t) => {
  t.is((await search((batch) => 1000 + batch, 900)).batch, null);
  t.is((await search((batch) => 1000 + batch, 1001)).batch, null);
  t.is((await search((batch) => 1000 + batch, 1e9)).batch, MOST_UTTERANCES);
  // A batch of that size is given: it is the answer, though none larger is looked for.
  t.is((await search((batch) => 1000 + batch, 1e9, { start: 2000 })).batch, 2000);
});
