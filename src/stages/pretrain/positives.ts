import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDefinition } from '../../audio/features/features.js';
import type { Batch } from '../../data/crops/loader.js';
import { createExtractor, extractAll } from '../../embed/extract.js';
import type { Session } from '../../engine/session/session.js';
import { refuseIdle } from '../../idle-options.js';
import { pluginChoice } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import type { Stateful } from '../../train/checkpoint.js';
import { readMetrics } from '../../train/metrics-log.js';
import { createPositives, measurePositives, summarizePositives } from '../../train/positives.js';
import type { Network } from '../../train/step/ssl-method.js';
import { speakersKnown, type TrainingData } from '../artifacts/corpus-data.js';
import type { CropTraining } from '../training/train-on-crops.js';
import { describeGroups, findGroups } from './utterance-groups.js';

/**
 * Positives from other utterances that the network being trained takes for the same speaker's. `crops: all` cuts the cluster-aware crops of
 * CA-DINO (Han, Chen and Qian, "Self-Supervised Learning with Cluster-Aware-DINO for High-Performance Robust Speaker Verification", 2023,
 * arXiv:2304.05754); `crops: positive` is self-supervised positive sampling, SSPS (Lepage and Dehak, "SSPS: Self-Supervised Positive
 * Sampling for Robust Self-Supervised Speaker Verification", Interspeech 2025).
 */
export const positivesOptions = z
  .strictObject({
    from: z
      .enum(['same-cluster', 'neighbours'])
      .default('same-cluster')
      .describe('the utterances that an utterance may draw from'),
    algorithm: pluginChoice('clustering').optional().describe('clusters the embeddings, for same-cluster'),
    neighbours: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('nearest utterances that may be drawn, for neighbours; default 10'),
    crops: z
      .enum(['all', 'positive'])
      .default('all')
      .describe('all: each crop is drawn (cluster-aware); positive: the global crops after the first, together (SSPS)'),
    fromEpoch: z.number().int().nonnegative().describe('epochs before the first embedding'),
    everyEpochs: z.number().int().positive().default(1).describe('epochs between embeddings'),
    probability: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('probability of a draw: for a crop (all), for an utterance (positive)'),
    subtractMean: z.boolean().default(true).describe('compare embeddings around their mean'),
  })
  .refine(({ from, algorithm }) => from === 'neighbours' || algorithm !== undefined, {
    path: ['algorithm'],
    message: "is missing: 'same-cluster' needs a clustering",
  })
  .superRefine(
    refuseIdle(({ from, algorithm, neighbours }) => [
      [from === 'neighbours' && algorithm !== undefined, 'algorithm', 'has no effect with from: neighbours'],
      [from === 'same-cluster' && neighbours !== undefined, 'neighbours', 'has no effect with from: same-cluster'],
    ]),
  );
export type PositivesOptions = z.output<typeof positivesOptions>;

/** The corpus in which positives are found, and the network that finds them. */
interface Parts {
  corpus: TrainingData;
  features: FeatureDefinition;
  /** The network whose embeddings are compared. */
  network: Network;
}

/** The fault of options whose first embedding the run does not reach. */
export function positivesFaults({ positives, epochs }: { positives?: PositivesOptions; epochs?: number }): string[] {
  if (!positives || epochs === undefined || positives.fromEpoch < epochs) return [];
  return [
    `positives.fromEpoch is ${positives.fromEpoch}, but the run has ${epochs} epochs: lower it or leave positives out.`,
  ];
}

/** The part of positives in a training on crops. */
export interface PositivesHooks extends Stateful {
  /** The sources of a step. */
  sources: NonNullable<CropTraining['sources']>;
  /** Metrics of a batch. */
  measure(batch: Batch): Record<string, number>;
  /** Means over the whole run. */
  result(): ReturnType<typeof summarizePositives>;
}

/** Prepares to find positives with the network that is being trained. */
export function openPositives(
  session: Session,
  context: StageContext,
  options: PositivesOptions,
  { corpus, features, network }: Parts,
): PositivesHooks {
  const { log, signal } = context;
  const speakers = speakersKnown(corpus) ? corpus.trainSpeakers : null;
  const extractor = createExtractor(session, features, network.embeddingSize, network.embed, {
    hearing: corpus.train.features ? 'unchanged' : 'levelled',
  });
  const positives = createPositives(options, async (epoch) => {
    log(`positives: embedding ${corpus.train.ids.length} utterances before epoch ${epoch}`);
    const vectors = await extractAll(corpus.train, extractor, { signal });
    const seed = `${context.seed}/positives/${epoch}`;
    const groups = await findGroups(vectors, network.embeddingSize, options, { ...context, seed });
    log(`positives: ${describeGroups(groups, speakers, seed)}`);
    return groups;
  });
  return {
    state: positives.state,
    restore: positives.restore,
    sources: ({ epoch }) => positives.sources(Math.floor(epoch)),
    measure: ({ utterances, origins }) => measurePositives(utterances, origins, speakers),
    result: () => summarizePositives(readMetrics(join(context.dir, 'metrics.jsonl'))),
  };
}
