import test from 'ava';
import fc from 'fast-check';
import { createSampler, epochOrder, labelled, labelsOf } from '../../../src/data/crops/sampler.js';
import { UserError } from '../../../src/errors.js';

const sorted = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);
const range = (n: number): number[] => [...new Array(n).keys()];

test('an epoch goes through everything once, in an order of its own', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer(), fc.integer({ min: 0, max: 50 }), (n, seed, epoch) => {
      t.deepEqual(sorted(epochOrder(n, seed, epoch)), range(n));
    }),
    { numRuns: 30 },
  );
  t.deepEqual(epochOrder(100, 7, 3), epochOrder(100, 7, 3));
  t.notDeepEqual(epochOrder(100, 7, 3), epochOrder(100, 7, 4));
  t.notDeepEqual(epochOrder(100, 7, 3), epochOrder(100, 8, 3));
});

test('each place of the order is taken by every utterance equally often', (t) => {
  const n = 8;
  const counts = range(n).map(() => new Array<number>(n).fill(0));
  for (let epoch = 0; epoch < 4000; epoch++)
    for (const [place, item] of epochOrder(n, 'even', epoch).entries()) counts[place][item]++;
  // 500 expected, standard deviation 21.
  for (const count of counts.flat()) t.true(Math.abs(count - 500) < 90, `${count}`);
});

test('batches drop the rest of an epoch and never hold an utterance twice', (t) => {
  const sampler = createSampler({ count: 50, batchSize: 8, seed: 1 });
  t.is(sampler.batchesPerEpoch, 6);
  for (let epoch = 0; epoch < 3; epoch++) {
    const steps = range(6).map((i) => sampler.batchAt(epoch * 6 + i));
    t.true(steps.every((batch) => batch.epoch === epoch));
    t.is(new Set(steps.flatMap((batch) => [...batch.utterances])).size, 48);
  }
});

test('a batch depends on its step only, not on what was asked before', (t) => {
  const options = { count: 30, batchSize: 7, seed: 'x' };
  const forward = range(20).map((step) => createSampler(options).batchAt(step));
  const one = createSampler(options);
  for (const step of range(20).reverse()) t.deepEqual(one.batchAt(step), forward[step]);
});

test('a subset is all that is drawn from', (t) => {
  const subset = Int32Array.of(40, 3, 17, 22, 9);
  const sampler = createSampler({ count: 50, batchSize: 5, seed: 1, subset });
  for (let step = 0; step < 4; step++) t.deepEqual(sorted(sampler.batchAt(step).utterances), sorted(subset));
});

test('labels: those that have one, and those of a batch', (t) => {
  const labels = Int32Array.of(2, -1, 0, 5, -1);
  t.deepEqual([...labelled(labels)], [0, 2, 3]);
  t.deepEqual([...labelsOf(labels, Int32Array.of(3, 0))], [5, 2]);
});

test('what cannot be sampled is refused', (t) => {
  const refuse = (options: Parameters<typeof createSampler>[0], message: RegExp) =>
    t.throws(() => createSampler(options), { instanceOf: UserError, message });
  refuse({ count: 10, batchSize: 11, seed: 1 }, /10 utterances for batches of 11/);
  refuse({ count: 10, batchSize: 4, seed: 1, subset: Int32Array.of(1, 2) }, /2 utterances for batches of 4/);
  refuse({ count: 10, batchSize: 0, seed: 1 }, /batch size is 0/);
  refuse({ count: 10, batchSize: 2, seed: 1, subset: Int32Array.of(1, 2, 1) }, /utterance 1 twice/);
  refuse({ count: 10, batchSize: 2, seed: 1, subset: Int32Array.of(1, 10) }, /names utterance 10/);
});
