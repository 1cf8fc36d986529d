import test from 'ava';
import fc from 'fast-check';
import { lengthBuckets } from '../../src/data/length-buckets.js';

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
          t.true(
            [rows, rows / 1.5].some((halved) => Number.isInteger(Math.log2(halved))),
            `${rows} rows`,
          );
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
  t.deepEqual(batches, [{ indices: Int32Array.of(0, 1, 2), samples: 64000, rows: 3 }]);
  t.deepEqual(lengthBuckets([], { maxBatchSamples: 1000 }), []);
});
