import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDefinition } from '../../audio/features/features.js';
import type { Batch } from '../../data/crops/loader.js';
import { createExtractor, extractAll } from '../../embed/extract.js';
import type { Session } from '../../engine/session/session.js';
import { pluginChoice } from '../../plugin/options.js';
import type { StageContext } from '../../plugin/stage.js';
import { readMetrics } from '../../train/metrics-log.js';
import { createPositives, measurePositives, type Positives, summarizePositives } from '../../train/positives.js';
import type { Network } from '../../train/step/ssl-method.js';
import { speakersKnown, type TrainingData } from '../artifacts/corpus-data.js';
import type { CropTraining } from '../training/train-on-crops.js';
import { describeGroups, findGroups } from './utterance-groups.js';

/**
 * Positives from other utterances that the network in training takes for the same speaker's. `crops: all` cuts the cluster-aware
 * crops of CA-DINO (Han, Chen and Qian 2023); `crops: positive` is self-supervised positive sampling, SSPS (Lepage and Dehak 2025).
 */
export const positivesOptions = z
  .strictObject({
    from: z.enum(['same-cluster', 'neighbours']).default('same-cluster').describe('whom an utterance may draw'),
    algorithm: pluginChoice('clustering').optional().describe('clusters the embeddings, for same-cluster'),
    neighbours: z
      .number()
      .int()
      .positive()
      .default(10)
      .describe('nearest utterances that may be drawn, for neighbours'),
    crops: z
      .enum(['all', 'positive'])
      .default('all')
      .describe(
        'all: each crop is drawn (cluster-aware); positive: the global crops behind the first, together (SSPS)',
      ),
    fromEpoch: z.number().int().nonnegative().describe('with positives: epochs done before the first embedding'),
    everyEpochs: z.number().int().positive().default(1).describe('epochs from one embedding to the next'),
    probability: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('to draw at all: of a crop (all), an utterance (positive)'),
    subtractMean: z.boolean().default(true).describe('compare embeddings around their mean'),
  })
  .refine(({ from, algorithm }) => from === 'neighbours' || algorithm !== undefined, {
    path: ['algorithm'],
    message: "is missing: 'same-cluster' needs a clustering",
  });
export type PositivesOptions = z.output<typeof positivesOptions>;

/** What positives are found in, and with. */
interface Parts {
  corpus: TrainingData;
  features: FeatureDefinition;
  /** The network whose embeddings are compared. */
  network: Network;
}

/** What the options cannot mean: a first embedding that the run does not reach. */
export function positivesFaults({ positives, epochs }: { positives?: PositivesOptions; epochs?: number }): string[] {
  if (!positives || epochs === undefined || positives.fromEpoch < epochs) return [];
  return [
    `positives.fromEpoch is ${positives.fromEpoch}, but the run has ${epochs} epochs: lower it or leave positives out.`,
  ];
}

/** How positives take part in a training on crops. */
export interface PositivesHooks extends Pick<Positives, 'state' | 'restore'> {
  /** The sources of a step. */
  sources: NonNullable<CropTraining['sources']>;
  /** What to log of a batch. */
  measure(batch: Batch): Record<string, number>;
  /** What the whole run drew. */
  result(): ReturnType<typeof summarizePositives>;
}

/** Gets ready to find positives with a network in training. */
export function openPositives(
  session: Session,
  context: StageContext,
  given: PositivesOptions,
  { corpus, features, network }: Parts,
): PositivesHooks {
  const { log, signal } = context;
  const speakers = speakersKnown(corpus) ? corpus.trainSpeakers : null;
  const extractor = createExtractor(session, features, network.embeddingSize, network.embed);
  const positives = createPositives(given, async (epoch) => {
    log(`positives: embedding ${corpus.train.ids.length} utterances before epoch ${epoch}`);
    const vectors = await extractAll(corpus.train, extractor, { signal });
    const seed = `${context.seed}/positives/${epoch}`;
    const groups = await findGroups(vectors, network.embeddingSize, given, { ...context, seed });
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
