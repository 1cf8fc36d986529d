import test from 'ava';
import { decodeBytes } from '../../../src/audio/decode/decode.js';
import { voicesOf } from '../../../src/stages/report/voices.js';
import { voiceShards } from '../../helpers/corpora/voices.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('clusters come by size, with the recordings nearest to their centres, the middle of long ones', async (t) => {
  const shards = await voiceShards(temporaryFolder(t), [16000, 32000, 16000, 96000, 16000, 16000]);
  const labels = Int32Array.of(1, 0, 1, 1, -1, 0);
  // Of cluster 1, the second and third lie together.
  const vectors = Float32Array.of(1, 1, -1, 0, 1, 0, 1, 0.1, -1, -1, -1, 0);
  const { clusters, unlabelled } = voicesOf(shards, labels, { rows: 6, size: 2, vectors });
  t.is(unlabelled, 1);
  t.deepEqual(
    clusters.map(({ name, recordings, seconds, examples }) => [name, recordings, seconds, examples.map((e) => e.name)]),
    [
      ['2', 3, 8, ['utterance-3', 'utterance-2']],
      ['1', 2, 3, ['utterance-1', 'utterance-5']],
    ],
  );
  const { sampleRateHz, channels } = await decodeBytes(clusters[0].examples[0].wav, 'example.wav');
  t.is(sampleRateHz, 16000);
  t.is(channels[0].length, 4 * 16000);
});
