import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import { marginScheduleOptions } from '../../train/labels/margin-schedule.js';
import { freezeOptions } from '../../train/step/freeze.js';
import { averageOptions } from '../training/averaging.js';
import { trainingOptions } from '../training/training-options.js';

const correction = z.strictObject({
  fromEpoch: z
    .number()
    .int()
    .positive()
    .default(8)
    .describe('first epoch with correction, counted from 0; too early, it follows what is not learned yet'),
  temperature: z
    .number()
    .positive()
    .default(0.05)
    .describe("divides the loss's class scores (cosines) before the softmax; about 1 / scale of the loss"),
  confidence: z.number().min(0).lt(1).default(0.7).describe('the least probability of a label that replaces one'),
  cropSeconds: z
    .number()
    .positive()
    .optional()
    .describe('of the clean view; longer crops are named more surely. Default: the crop that is trained on'),
});

const speeds = z
  .array(z.number().min(0.5).max(2).multipleOf(0.05))
  .refine((given) => given[0] === 1 && new Set(given).size === given.length, 'must be different, and begin with 1');

const sampling = z.strictObject({
  kind: z
    .enum(['shuffled', 'class-balanced', 'length-buckets'])
    .default('shuffled')
    .describe(
      'class-balanced: every class equally often; length-buckets: utterances of similar length together, in crops that short ones fill. ' +
        'A loss that compares utterances makes batches of its own',
    ),
  shortestSeconds: z
    .number()
    .positive()
    .optional()
    .describe('length-buckets: the shortest crops; cropSeconds is the longest. Default: a third of that'),
  lengths: z.number().int().min(2).optional().describe('length-buckets: how many lengths there are; default 3'),
});

export const finetuneOptions = z.strictObject({
  corpus: artifact('corpus'),
  clusters: artifact('clusters').describe('pseudo-labels of a cluster stage, or known ones of a labels stage'),
  init: artifact('model').optional().describe('network to start from; its backbone and features are kept'),
  backbone: pluginChoice('backbone').optional().describe('network to train from scratch, in the place of `init`'),
  features: featureDefinition.optional().describe('from scratch: what the network sees'),
  classifier: z
    .enum(['new', 'keep'])
    .default('new')
    .describe("keep: go on with the init's classifier, on labels numbered as its own were"),
  prototypes: artifact('embeddings')
    .optional()
    .describe("start the classifier from the clusters' mean embeddings (use the embeddings that were clustered)"),
  loss: pluginChoice('loss').prefault('aam-softmax'),
  margin: marginScheduleOptions
    .optional()
    .describe("how the loss's margin rises; without it all of it is there at once"),
  gate: pluginChoice('gate').optional().describe('without one every label is believed'),
  gateFromEpoch: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('first epoch in which the gate decides, counted from 0'),
  gateMomentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('what earlier epochs weigh in the loss that the gate judges: 0 judges the last crop alone'),
  correction: correction
    .optional()
    .describe('train samples that the gate rejects on what the network calls them in the clean view, where it is sure'),
  cropSeconds: z.number().positive().default(3),
  speeds: speeds
    .default([1])
    .describe(
      'each utterance is played at one of them, and a speaker at another speed is another class: [1, 0.9, 1.1]',
    ),
  sampling: sampling.prefault({}).describe('how batches are put together'),
  freeze: freezeOptions.optional().describe('parts that stand still'),
  backboneRate: z.number().positive().default(1).describe("what the backbone's learning rate is multiplied by"),
  average: averageOptions,
  ...trainingOptions,
});

export type FinetuneOptions = z.output<typeof finetuneOptions>;
