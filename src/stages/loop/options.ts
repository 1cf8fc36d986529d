import { z } from 'zod';
import { scheduleOptions } from '../../optim/schedule.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import finetune from '../finetune/finetune.js';

/** What the loop itself fills in for each round. */
const filledIn = { corpus: true, clusters: true, init: true, prototypes: true } as const;
/** What a round has no use for: it goes on with a network, and its classifier is new. */
const ofNoUse = { backbone: true, features: true, classifier: true } as const;

const { correction } = finetune.options.shape;

const training = finetune.options.omit({ ...filledIn, ...ofNoUse }).extend({
  gate: pluginChoice('gate', 'dynamic'),
  correction: correction.unwrap().nullable().prefault({}).describe(`${correction.description}; null: do not`),
});

const ownOfRound = z.strictObject({
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
    .describe("where a round's weights start: the last round's network, or the self-supervised one"),
  perRound: z
    .array(ownOfRound)
    .default([])
    .describe('what round 1, 2, ... has of its own, such as growing fixed gates'),
  rounds: z.number().int().positive().default(5).describe('the most rounds'),
  patience: z.number().int().positive().default(2).describe('stop after so many rounds without a better one'),
  holdOut: z
    .number()
    .positive()
    .max(0.5)
    .default(0.1)
    .describe('share of the utterances that are never trained on, by which rounds are judged without labels'),
  trialBatches: z.number().int().positive().default(64).describe('batches of crop trials that judge a round'),
  largeMargin: largeMargin.optional().describe('a last training with a larger margin on longer crops'),
});

export type LoopOptions = z.output<typeof loopOptions>;
