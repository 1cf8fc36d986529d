import test from 'ava';
import fc from 'fast-check';
import { lengthBuckets } from '../../src/data/length-buckets.js';
import { readUtterance } from '../../src/data/shards/shards.js';
import { utteranceBatches } from '../../src/data/utterance-batches.js';
import { stubShards } from '../helpers/corpora/shard-set.js';

const lengthsList = fc.array(fc.integer({ min: 1, max: 700000 }), { minLength: 1, maxLength: 60 });

test('every utterance is in one batch that holds it, in few shapes within the bound', (t) => {
  fc.assert(
    fc.property(
      lengthsList,
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1000, max: 4000000 }),
      (list, bucketsPerOctave, maxBatchSamples) => {
        const batches = lengthBuckets(list, { maxBatchSamples, bucketsPerOctave });
        t.deepEqual(
          batches.flatMap(({ indices }) => [...indices]).sort((a, b) => a - b),
          [...list.keys()],
        );
        const rowsOf = new Map<number, number>();
        for (const { indices, samples, rows } of batches) {
          t.is(rows, rowsOf.get(samples) ?? rows, 'one shape for each length');
          rowsOf.set(samples, rows);
          t.true(Number.isInteger(Math.log2(rows)));
          t.true(rows === 1 || rows * samples <= maxBatchSamples);
          t.true(indices.length >= 1 && indices.length <= rows);
          t.is(samples % 160, 0);
          for (const index of indices) {
            t.true(list[index] <= samples);
            t.true(
              samples <= Math.max(8000, list[index] * 2 ** (1 / bucketsPerOctave) + 320),
              `${list[index]} in ${samples}`,
            );
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('any mix of 1 to 20 s needs at most 12 shapes; a length on a rung is not padded', (t) => {
  const list = Array.from({ length: 5000 }, (_, i) => 16000 + Math.floor((i * 304000) / 4999));
  const batches = lengthBuckets(list, { maxBatchSamples: 2 ** 21 });
  const shapes = new Set(batches.map(({ samples, rows }) => `${rows}x${samples}`));
  t.true(shapes.size <= 12, [...shapes].join(' '));
  t.true(
    batches.every(({ samples }, i) => i === 0 || samples <= batches[i - 1].samples),
    'longest first',
  );
  for (const seconds of [0.5, 1, 2, 4, 8, 16])
    t.is(lengthBuckets([16000 * seconds], { maxBatchSamples: 1 })[0].samples, 16000 * seconds);
  t.is(lengthBuckets([3], { maxBatchSamples: 1 })[0].samples, 8000);
});

test('few utterances do not fill up a large batch', (t) => {
  const batches = lengthBuckets([64000, 64000, 60000], { maxBatchSamples: 64 * 64000 });
  t.deepEqual(batches, [{ indices: Int32Array.of(0, 1, 2), samples: 64000, rows: 4 }]);
  t.deepEqual(lengthBuckets([], { maxBatchSamples: 1000 }), []);
});

test('batches carry the audio, its length, and rows that repeat the first', async (t) => {
  const lengths = [9000, 20000, 7000, 16000, 400, 8001, 28000];
  const shards = await stubShards(t, lengths);
  const seen: number[] = [];
  for (const { indices, rows, samples, pcm, lengths: valid } of utteranceBatches(shards, { maxBatchSamples: 64000 })) {
    t.is(pcm.length, rows * samples);
    for (let row = 0; row < rows; row++) {
      const index = indices[row] ?? indices[0];
      const expected = new Int16Array(samples);
      expected.set(readUtterance(shards, index));
      t.is(valid[row], lengths[index]);
      t.deepEqual(pcm.subarray(row * samples, (row + 1) * samples), expected);
    }
    seen.push(...indices);
  }
  t.deepEqual(seen.sort(), [0, 1, 2, 3, 4, 5, 6]);

  const some = [
    ...utteranceBatches(shards, { maxBatchSamples: 64000, maxSamples: 10000, subset: Int32Array.of(6, 4) }),
  ];
  t.deepEqual(
    some.map(({ indices, samples, lengths: valid }) => [[...indices], samples, [...valid]]),
    [
      [[6], 10000, [10000]],
      [[4], 8000, [400]],
    ],
  );
});
