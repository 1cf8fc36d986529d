import test from 'ava';
import { extractStatistics } from '../../src/classical/mixture-model.js';
import { readUtterance } from '../../src/data/shards/shards.js';
import type { Extractor } from '../../src/embed/extractor.js';
import { voiceShards } from '../helpers/corpora/voices.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('the statistics of a recording of more than two minutes are those of all of it, and no mean of its stretches', async (t) => {
  // 121 s: two stretches.
  const lengths = [121 * 16000, 8000];
  const shards = await voiceShards(temporaryFolder(t), lengths);
  /** Counts samples, and adds them up. */
  const counting: Extractor = {
    size: 2,
    run: async ({ indices, lengths: samples, pcm }) => {
      const width = pcm.length / samples.length;
      return Float32Array.from({ length: 2 * indices.length }, (_, i) => {
        const row = Math.floor(i / 2);
        return i % 2 === 0
          ? samples[row]
          : pcm.subarray(row * width, row * width + samples[row]).reduce((sum, value) => sum + value, 0);
      });
    },
  };
  const found = await extractStatistics(shards, counting);
  const sums = lengths.map((_, i) => readUtterance(shards, i).reduce((sum, value) => sum + value, 0));
  t.deepEqual([found[0], found[2], found[3]], [lengths[0], lengths[1], sums[1]]);
  t.true(Math.abs(found[1] - sums[0]) < 1, `${found[1]} and ${sums[0]}`);
});
