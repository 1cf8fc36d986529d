import { z } from 'zod';
import { scheduleOptions } from '../../optim/schedule.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import finetune from '../finetune/finetune.js';

/** Options that the loop itself fills in for each round. */
const filledIn = { corpus: true, clusters: true, init: true, prototypes: true } as const;
/** Options without a use in a round: it continues from a network, and its classifier is new. */
const ofNoUse = { backbone: true, features: true, classifier: true } as const;

const { correction } = finetune.options.shape;

const training = finetune.options.omit({ ...filledIn, ...ofNoUse }).extend({
  gate: pluginChoice('gate', 'dynamic'),
  correction: correction.unwrap().nullable().prefault({}).describe(`${correction.description}; null: never`),
});

const roundOptions = z.strictObject({
  algorithm: pluginChoice('clustering').optional(),
  gate: pluginChoice('gate').optional(),
});

const largeMargin = z.strictObject({
  margin: z.number().positive().default(0.5),
  cropSeconds: z.number().positive().default(6),
  epochs: z.number().positive().default(5),
  rate: scheduleOptions,
});

export const loopOptions = z.strictObject({
  corpus: artifact('corpus'),
  init: artifact('model').describe('the self-supervised network whose embeddings are clustered first'),
  algorithm: pluginChoice('clustering'),
  subtractMean: z.boolean().default(true).describe('cluster around the mean embedding'),
  training: training.describe('a round of training on pseudo-labels: options of the finetune stage'),
  startFrom: z
    .enum(['last-round', 'stage-1'])
    .default('last-round')
    .describe("the network that a round starts from: the last round's, or the self-supervised one"),
  perRound: z
    .array(roundOptions)
    .default([])
    .describe('options that round 1, 2, ... overrides, such as a growing fixed gate'),
  rounds: z.number().int().positive().default(5).describe('the largest number of rounds'),
  patience: z.number().int().positive().default(2).describe('stop after this many rounds without a better one'),
  holdOut: z
    .number()
    .positive()
    .max(0.5)
    .default(0.1)
    .describe('share of the utterances that no round is trained on: rounds are judged by them, without labels'),
  trialBatches: z.number().int().positive().default(64).describe('batches of crop trials by which a round is judged'),
  largeMargin: largeMargin.optional().describe('a final training with a larger margin on longer crops'),
});

export type LoopOptions = z.output<typeof loopOptions>;
