import test from 'ava';
import fc from 'fast-check';
import { createLoader } from '../../../src/data/crops/loader.js';
import { openSampler } from '../../../src/data/crops/open-sampler.js';
import { sampleValue, stubShards } from '../../helpers/corpora/shard-set.js';

const range = (n: number): number[] => [...new Array(n).keys()];
const CROPS = [400, 800, 1600];
const LENGTHS = range(50).map((i) => 150 + ((i * 577) % 3000));

function open(batchSize: number, lengths: readonly number[] = LENGTHS, seed: number | string = 1) {
  const rule = { kind: 'length-buckets' as const, samples: Int32Array.from(lengths), crops: CROPS };
  return openSampler({ count: lengths.length, batchSize, seed, rule });
}

/** The longest crop that an utterance holds, or the shortest there is. */
const cropOf = (samples: number): number => Math.max(CROPS[0], ...CROPS.filter((crop) => crop <= samples));

test('an epoch goes through everything but the last few once, by lengths', (t) => {
  const sampler = open(4);
  t.is(sampler.batchesPerEpoch, 12);
  for (let epoch = 0; epoch < 3; epoch++) {
    const batches = range(12).map((i) => sampler.batchAt(12 * epoch + i));
    t.is(new Set(batches.flatMap(({ utterances }) => [...utterances])).size, 48);
    for (const { utterances, samples } of batches) {
      // Cut as long as all of them allow; an utterance that came from a longer length is cut shorter than it could be.
      const own = [...utterances].map((utterance) => cropOf(LENGTHS[utterance]));
      t.is(samples, Math.min(...own));
    }
    const lengths = new Set(batches.map(({ samples }) => samples));
    t.deepEqual(
      [...lengths].sort((a, b) => a! - b!),
      CROPS,
    );
    // Hardly any utterance is cut shorter than it could be: fewer than a batch at each length.
    const shorter = batches.flatMap(({ utterances, samples }) =>
      [...utterances].filter((utterance) => cropOf(LENGTHS[utterance]) > samples!),
    );
    t.true(shorter.length < 2 * 4, `${shorter.length}`);
  }
  t.notDeepEqual(
    range(12).map((i) => sampler.batchAt(i).samples),
    range(12).map((i) => sampler.batchAt(12 + i).samples),
  );
});

test('a batch and its length depend on seed and step only', (t) => {
  const forward = range(30).map((step) => open(4).batchAt(step));
  const one = open(4);
  for (const step of range(30).reverse()) t.deepEqual(one.batchAt(step), forward[step]);
  t.notDeepEqual(open(4, LENGTHS, 2).batchAt(0), forward[0]);
});

test('any lengths: no utterance twice, and every crop but the shortest is filled', (t) => {
  const lengths = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 3, maxLength: 40 });
  const property = fc.property(lengths, fc.integer(), (given, seed) => {
    const sampler = open(3, given, seed);
    const batches = range(sampler.batchesPerEpoch).map((step) => sampler.batchAt(step));
    const drawn = batches.flatMap(({ utterances }) => [...utterances]);
    const filled = batches.every(({ utterances, samples }) =>
      [...utterances].every((utterance) => samples === CROPS[0] || given[utterance] >= samples!),
    );
    return filled && drawn.length === 3 * Math.floor(given.length / 3) && new Set(drawn).size === drawn.length;
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});

test('a loader cuts each batch to its length, whichever step it begins with', async (t) => {
  const shards = await stubShards(t, LENGTHS);
  const rule = { kind: 'length-buckets' as const, samples: shards.samples, crops: CROPS };
  const plan = { count: { global: 1, local: 0 }, samples: { global: 1600, local: 0 } };
  const take = async (startStep: number, count: number) => {
    const loader = createLoader({ shards, batchSize: 4, plan, seed: 1, rule, startStep, workers: 2 });
    t.teardown(() => loader.close());
    const copies = [];
    for (let i = 0; i < count; i++) {
      const { utterances, global, release } = await loader.next();
      copies.push({ utterances: [...utterances], global: [...global] });
      release();
    }
    return copies;
  };
  const batches = await take(0, 14);
  const sampler = open(4);
  for (const [step, { utterances, global }] of batches.entries()) {
    const { samples, utterances: expected } = sampler.batchAt(step);
    t.deepEqual(utterances, [...expected]);
    t.is(global.length, 4 * samples!);
    for (const [i, utterance] of utterances.entries()) {
      const row = global.slice(i * samples!, (i + 1) * samples!);
      const start = row[0] - sampleValue(utterance, 0);
      const filled = Math.min(LENGTHS[utterance], samples!);
      t.deepEqual(
        row,
        range(samples!).map((j) => sampleValue(utterance, start + (j % filled))),
      );
    }
  }
  t.deepEqual(await take(9, 5), batches.slice(9));
});
