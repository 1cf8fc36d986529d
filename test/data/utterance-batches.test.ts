import test from 'ava';
import fc from 'fast-check';
import { openReader } from '../../src/data/shards/reader.js';
import { readUtterance } from '../../src/data/shards/shards.js';
import { planBatches, stretchBatches, stretchesOf } from '../../src/data/utterance-batches.js';
import { stubShards } from '../helpers/corpora/shard-set.js';

test('batches carry the audio, its length, and rows that repeat the first', async (t) => {
  const shards = await stubShards(t, [9000, 20000, 7000, 16000, 400, 8001, 28000]);
  const reader = openReader(shards);
  t.teardown(() => reader.close());
  const seen: number[] = [];
  const stretches = stretchesOf(shards.samples, 15000);
  const utterances = { samples: shards.samples, read: reader.read };
  for (const batch of stretchBatches(stretches, utterances, planBatches(stretches, { maxBatchSamples: 64000 }))) {
    const { indices, rows, samples, pcm, lengths } = batch;
    t.is(pcm.length, rows * samples);
    for (let row = 0; row < rows; row++) {
      const { utterance, start, samples: length } = stretches[indices[row] ?? indices[0]];
      const expected = new Int16Array(samples);
      expected.set(readUtterance(shards, utterance).subarray(start, start + length));
      t.is(lengths[row], length);
      t.deepEqual(pcm.subarray(row * samples, (row + 1) * samples), expected);
    }
    seen.push(...indices);
  }
  t.deepEqual(
    seen.sort((a, b) => a - b),
    [...stretches.keys()],
  );
});

test('stretches hold every sample once, in order, are as long as each other, and none is too long', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 900 }),
      (list, most) => {
        const stretches = stretchesOf(list, most);
        for (const [utterance, length] of list.entries()) {
          const own = stretches.filter((stretch) => stretch.utterance === utterance);
          let at = 0;
          for (const { start, samples } of own) {
            t.true(start === at && samples <= most && samples >= Math.floor(length / own.length));
            at += samples;
          }
          t.is(at, length);
          t.is(own.length, Math.ceil(length / most));
        }
      },
    ),
    { numRuns: 100, seed: 5 },
  );
  t.deepEqual(
    stretchesOf([400, 121 * 16000]).map(({ utterance, samples }) => [utterance, samples]),
    [
      [0, 400],
      [1, 60.5 * 16000],
      [1, 60.5 * 16000],
    ],
  );
});
