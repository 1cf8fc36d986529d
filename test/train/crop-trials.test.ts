import test, { type ExecutionContext } from 'ava';
import { createLoader } from '../../src/data/crops/loader.js';
import { tf } from '../../src/engine/tf.js';
import { eerOf } from '../../src/eval/detection/eer.js';
import type { Backbone } from '../../src/nn/backbone.js';
import { scoreCropTrials } from '../../src/train/crop-trials.js';
import { voiceShards } from '../helpers/corpora/voices.js';
import { withSession } from '../helpers/session.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { smallFeatures } from '../helpers/training/small-training.js';

const [BATCH, BATCHES, SAMPLES] = [4, 3, 3200];
const LENGTHS = [7000, 8000, 9000, 10000];

async function score(t: ExecutionContext, backbone: Backbone, seed = 1) {
  const shards = await voiceShards(temporaryFolder(t), LENGTHS);
  const plan = { count: { global: 2, local: 0 }, samples: { global: SAMPLES, local: 0 }, disjoint: true };
  const options = { shards, batchSize: BATCH, plan, seed };
  const loader = createLoader(options);
  const view = { features: smallFeatures, augmentations: [] };
  const parts = { backbone, view, loader, batchSize: BATCH, batches: BATCHES };
  try {
    return await withSession((session) => scoreCropTrials({ ...parts, session }));
  } finally {
    await loader.close();
  }
}

/** The mean of each bin over time, which tells the four pitches apart. */
const means: Backbone = { embeddingSize: smallFeatures.bins, embed: (x) => tf.mean(x, 1) };

test('what tells the voices apart has a low error; every pair of a batch is a trial', async (t) => {
  const { eer, trials } = await score(t, { ...means, embed: (x) => tf.sqrt(tf.mean(tf.square(x), 1)) });
  t.is(trials, BATCHES * BATCH * BATCH);
  t.true(eer < 0.2, `${eer}`);
});

test('what tells nothing apart errs half of the time', async (t) => {
  // The same vector for every crop but for the place in the batch, which second crops have turned around.
  const size = smallFeatures.bins;
  const place = (row: number) => (row < BATCH ? row : (row + 1) % BATCH);
  const values = Array.from({ length: 2 * BATCH }, (_, row) =>
    Array.from({ length: size }, (_, j) => Number(j === place(row))),
  );
  const { eer } = await score(t, { embeddingSize: size, embed: () => tf.tensor2d(values) });
  t.true(eer > 0.5, `${eer}`);
});

test('trials are those of crops around their mean: by hand', async (t) => {
  const rows = [
    [1, 0],
    [0, 1],
    [1, 1],
    [-1, 2],
    [2, 0.1],
    [0, 3],
    [1, 1.5],
    [-1, 1],
  ];
  const { eer } = await score(t, { embeddingSize: 2, embed: () => tf.tensor2d(rows) });
  const mean = [0, 1].map((j) => rows.reduce((sum, row) => sum + row[j], 0) / rows.length);
  const units = rows
    .map((row) => row.map((value, j) => value - mean[j]))
    .map((row) => row.map((value) => value / Math.hypot(...row)));
  const pairs = units
    .slice(0, BATCH)
    .flatMap((a, i) => units.slice(BATCH).map((b, j) => ({ score: a[0] * b[0] + a[1] * b[1], same: i === j })));
  const all = Array.from({ length: BATCHES }, () => pairs).flat();
  const expected = eerOf(
    all.map(({ score }) => score),
    all.map(({ same }) => same),
  );
  t.true(Math.abs(eer - expected) < 1e-6, `${eer} ${expected}`);
});
