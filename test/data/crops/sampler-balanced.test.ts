import test from 'ava';
import fc from 'fast-check';
import { openSampler } from '../../../src/data/crops/open-sampler.js';
import { labelled } from '../../../src/data/crops/sampler.js';

const range = (n: number): number[] => [...new Array(n).keys()];
const tally = (values: Iterable<number>): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

/** Classes of 1, 2, 3, ... utterances, some of them without a label. */
const LABELS = Int32Array.from(range(6).flatMap((label) => [...Array<number>(label + 1).fill(label), -1]));

function open(batchSize: number, seed: number | string = 1, labels = LABELS) {
  const rule = { kind: 'class-balanced' as const, labels };
  return openSampler({ count: labels.length, batchSize, seed, subset: labelled(labels), rule });
}

test('every class comes equally often in an epoch, whatever its size, and its utterances in turn', (t) => {
  const sampler = open(3);
  t.is(sampler.batchesPerEpoch, 7);
  for (let epoch = 0; epoch < 4; epoch++) {
    const drawn = range(7).flatMap((i) => [...sampler.batchAt(7 * epoch + i).utterances]);
    t.true(drawn.every((utterance) => LABELS[utterance] >= 0));
    const classes = tally(drawn.map((utterance) => LABELS[utterance]));
    t.is(classes.size, 6);
    for (const count of classes.values()) t.true(count === 3 || count === 4, `${count} of 21 draws`);
    const utterances = tally(drawn);
    for (const label of range(6)) {
      const own = [...LABELS.keys()].filter((i) => LABELS[i] === label).map((i) => utterances.get(i) ?? 0);
      t.true(Math.max(...own) - Math.min(...own) <= 1, `class ${label}: ${own}`);
    }
  }
});

test('a batch up to the number of classes has each once', (t) => {
  const sampler = open(6);
  for (let step = 0; step < 9; step++) {
    const classes = [...sampler.batchAt(step).utterances].map((utterance) => LABELS[utterance]);
    t.deepEqual(classes.sort(), range(6));
  }
});

test('a batch depends on seed and step only', (t) => {
  const steps = range(20);
  const forward = steps.map((step) => open(4).batchAt(step));
  const one = open(4);
  for (const step of [...steps].reverse()) t.deepEqual(one.batchAt(step), forward[step]);
  t.notDeepEqual(open(4, 2).batchAt(0), forward[0]);
  t.notDeepEqual(forward[5].utterances, forward[0].utterances);
});

test('any labels: whole batches, labelled utterances only, classes within one of each other', (t) => {
  const labels = fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 8, maxLength: 60 });
  const property = fc.property(labels, fc.integer(), (given, seed) => {
    const own = Int32Array.from(given);
    fc.pre(labelled(own).length >= 4);
    const sampler = open(4, seed, own);
    const drawn = range(sampler.batchesPerEpoch).flatMap((step) => [...sampler.batchAt(step).utterances]);
    const classes = tally(drawn.map((utterance) => own[utterance]));
    const counts = [...new Set(own)].filter((label) => label >= 0).map((label) => classes.get(label) ?? 0);
    return (
      drawn.length === 4 * sampler.batchesPerEpoch && !classes.has(-1) && Math.max(...counts) - Math.min(...counts) <= 1
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});
