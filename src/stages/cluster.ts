import { join } from 'node:path';
import { z } from 'zod';
import type { Clustering } from '../cluster/clustering.js';
import { labelled } from '../data/crops/sampler.js';
import { heldOut } from '../data/held-out.js';
import { speakerAgreement } from '../eval/speaker-agreement.js';
import { subtractMean } from '../eval/subtract-mean.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import type { StageContext } from '../plugin/stage.js';
import { openTraining } from './artifacts/corpus-data.js';
import { readEmbeddings } from './artifacts/embeddings-data.js';
import { clustersResult } from './artifacts/pseudo-labels.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  embeddings: artifact('embeddings'),
  algorithm: pluginChoice('clustering'),
  subtractMean: z
    .boolean()
    .default(true)
    .describe('cluster around the mean embedding, as mean-subtracted scoring does'),
  holdOut: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe(
      'share of the utterances that get no label (-1), so that a network can be judged on them; see crop-trials',
    ),
});

const result = clustersResult.extend({
  iterations: z.number(),
  /** Null where the algorithm has none. */
  inertia: z.number().nullable(),
  labelled: z.number(),
  /** Share of the utterances that belong to no cluster. */
  noise: z.number(),
  /** Of the best one-to-one matching of clusters and speakers. */
  accuracy: z.number().nullable(),
});

/** Clusters the training embeddings into pseudo-labels: labels.npy, int32 in shard order, -1 for noise. */
export default defineStage({
  name: 'cluster',
  summary: 'Clusters training embeddings into pseudo-labels.',
  options,
  result,
  produces: 'clusters',
  async run(context, chosen) {
    const { labels, clusters, iterations, inertia } = await clusteringOf(context, chosen);
    const corpus = openTraining(context.artifact(chosen.corpus));
    const measured = speakerAgreement(labels, corpus.trainSpeakers);
    for (const utterance of heldOut(labels.length, chosen.holdOut, context.seed)) labels[utterance] = -1;
    writeNpy(join(context.dir, 'labels.npy'), [labels.length], labels);
    return { clusters, iterations, inertia, labelled: labelled(labels).length, ...measured };
  },
  async besideFirst(context, chosen) {
    const { manyWorkers } = await context.registry.load('clustering', chosen.algorithm.name);
    if (manyWorkers) await clusteringOf(context, chosen);
  },
});

async function clusteringOf(
  { registry, artifact, workers, device, threads, seed, log, signal }: StageContext,
  { embeddings, algorithm, subtractMean: centred }: z.output<typeof options>,
): Promise<Clustering> {
  const { rows, size, vectors } = readEmbeddings(artifact(embeddings), 'train');
  if (centred) subtractMean(vectors, size);
  const plugin = await registry.load('clustering', algorithm.name);
  const together = plugin.manyWorkers && workers ? { workers } : {};
  const settings = { seed, options: algorithm.options, log, signal, device, threads };
  return plugin.cluster({ points: vectors, rows, size, ...settings, ...together });
}
