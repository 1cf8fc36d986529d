import test from 'ava';
import fc from 'fast-check';
import type { SamplerOptions } from '../../../src/data/crops/sampler.js';
import { createSpeakerSampler, type SpeakerRule } from '../../../src/data/crops/sampler-by-speaker.js';
import { UserError } from '../../../src/errors.js';
import { createRng } from '../../../src/random.js';

type Given = SpeakerRule & Omit<SamplerOptions, 'count'>;
const open = (given: Given) => createSpeakerSampler({ ...given, count: given.labels.length }, given);
const range = (n: number): number[] => [...new Array(n).keys()];

/** Labels of so many utterances for each speaker, in random order, `noise` more without a speaker. */
function labelsFor(counts: readonly number[], noise = 0): Int32Array {
  const labels = [...counts.flatMap((count, speaker) => Array<number>(count).fill(speaker)), ...Array(noise).fill(-1)];
  return createRng('labels').shuffle(Int32Array.from(labels));
}

/** The most batches of `perBatch` different speakers, by trying. */
function mostBatches(groups: readonly number[], perBatch: number): number {
  const fits = (batches: number) => groups.reduce((sum, n) => sum + Math.min(n, batches), 0) >= batches * perBatch;
  return range(1 + groups.reduce((a, b) => a + b, 0)).findLast(fits)!;
}

/** Batches of an epoch, each as a list of runs. */
function runsOf(options: Given, epoch: number): number[][][] {
  const { utterancesPerSpeaker } = options;
  const sampler = open(options);
  return range(sampler.batchesPerEpoch).map((i) => {
    const batch = sampler.batchAt(epoch * sampler.batchesPerEpoch + i);
    if (batch.epoch !== epoch) throw new Error('wrong epoch');
    const all = [...batch.utterances];
    return range(all.length / utterancesPerSpeaker).map((run) =>
      all.slice(run * utterancesPerSpeaker, (run + 1) * utterancesPerSpeaker),
    );
  });
}

test('each batch has so many speakers and utterances of each, none twice in an epoch, and no more batches are possible', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        counts: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 4, maxLength: 12 }),
        each: fc.integer({ min: 2, max: 4 }),
        perBatch: fc.integer({ min: 2, max: 5 }),
        seed: fc.integer(),
        epoch: fc.integer({ min: 0, max: 5 }),
      }),
      ({ counts, each, perBatch, seed, epoch }) => {
        const groups = counts.map((count) => Math.floor(count / each));
        fc.pre(groups.filter((n) => n > 0).length >= perBatch);
        const labels = labelsFor(counts, 5);
        const options = { labels, batchSize: perBatch * each, utterancesPerSpeaker: each, seed };
        const batches = runsOf(options, epoch);
        t.is(batches.length, mostBatches(groups, perBatch));
        for (const runs of batches) {
          const speakers = runs.map((run) => new Set(run.map((utterance) => labels[utterance])));
          t.true(speakers.every((of) => of.size === 1));
          t.is(new Set(speakers.flatMap((of) => [...of])).size, perBatch);
          t.true(runs.flat().every((utterance) => labels[utterance] >= 0));
        }
        const all = batches.flat(2);
        t.is(new Set(all).size, all.length);
      },
    ),
    { numRuns: 150 },
  );
});

const OPTIONS = { labels: labelsFor([9, 4, 6, 2, 1, 0, 7], 3), batchSize: 6, utterancesPerSpeaker: 2, seed: 'x' };

test('a batch depends on seed and step only, not on what was asked before', (t) => {
  const forward = range(20).map((step) => open(OPTIONS).batchAt(step));
  const one = open(OPTIONS);
  for (const step of range(20).reverse()) t.deepEqual(one.batchAt(step), forward[step]);
  t.notDeepEqual(open({ ...OPTIONS, seed: 'y' }).batchAt(0), forward[0]);
  t.notDeepEqual(runsOf(OPTIONS, 1), runsOf(OPTIONS, 0));
});

test('speakers with too few utterances are left out, and every other one is met', (t) => {
  const sampler = open(OPTIONS);
  t.is(sampler.leftOut, 1);
  const met = new Set(range(10 * sampler.batchesPerEpoch).flatMap((step) => [...sampler.batchAt(step).utterances]));
  const speakers = new Set([...met].map((utterance) => OPTIONS.labels[utterance]));
  t.deepEqual([...speakers].sort(), [0, 1, 2, 3, 6]);
  // Odd ones out of an epoch are in another one.
  t.is(met.size, 9 + 4 + 6 + 2 + 7);
});

test('equal speakers meet each other equally often', (t) => {
  const labels = labelsFor(Array(8).fill(4));
  const together = new Map<string, number>();
  const options = { labels, batchSize: 4, utterancesPerSpeaker: 2, seed: 1 };
  for (const epoch of range(300))
    for (const [a, b] of runsOf(options, epoch)) {
      const pair = [labels[a[0]], labels[b[0]]].sort().join();
      together.set(pair, 1 + (together.get(pair) ?? 0));
    }
  t.is(together.size, 28);
  // 2400 batches over 28 pairs: 86 expected, standard deviation 9.
  for (const [pair, count] of together) t.true(Math.abs(count - 86) < 45, `${pair}: ${count}`);
});

test('a subset is all that is drawn from', (t) => {
  const subset = Int32Array.from(OPTIONS.labels.keys()).filter((utterance) => utterance % 3 > 0);
  const sampler = open({ ...OPTIONS, batchSize: 4, subset });
  for (const step of range(4 * sampler.batchesPerEpoch)) {
    const { utterances } = sampler.batchAt(step);
    t.true(utterances.every((utterance) => subset.includes(utterance)));
    const speakers = [...utterances].map((utterance) => OPTIONS.labels[utterance]);
    t.true(speakers[0] === speakers[1] && speakers[2] === speakers[3] && speakers[0] !== speakers[2]);
  }
});

test('what cannot be sampled is refused', (t) => {
  const refuse = (given: Partial<Given>, message: RegExp) =>
    t.throws(() => open({ ...OPTIONS, ...given }), { instanceOf: UserError, message });
  refuse({ batchSize: 7 }, /batch of 7 is not made of 2 utterances/);
  refuse({ batchSize: 2 }, /at least 4/);
  refuse({ batchSize: 12 }, /5 speakers have 2 utterances or more, and a batch of 12 takes 6/);
  refuse({ labels: Int32Array.of(-1, -1) }, /0 speakers/);
});
