import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import { averageOptions } from '../../train/averaging/averaging.js';
import { marginScheduleOptions } from '../../train/classifier/margin-schedule.js';
import { gateOptions } from '../../train/gate/options.js';
import { freezeOptions } from '../../train/step/freeze.js';
import { objectiveStageOptions } from '../objectives/options.js';
import { quantizeOption } from '../training/bits.js';
import { speedsOption, trainingOptions } from '../training/training-options.js';
import { selfTeacherOptions } from './self-teacher.js';

export const samplingOptions = z.strictObject({
  kind: z
    .enum(['shuffled', 'class-balanced', 'length-buckets'])
    .default('shuffled')
    .describe(
      'class-balanced: every class equally often; length-buckets: utterances of similar length together, in crops that even the ' +
        'short ones fill. A loss that compares utterances makes batches of its own',
    ),
  shortestSeconds: z
    .number()
    .positive()
    .optional()
    .describe('length-buckets: the shortest crops; cropSeconds is the longest. Default: a third of that'),
  lengths: z.number().int().min(2).optional().describe('length-buckets: number of crop lengths; default 3'),
});

export const finetuneOptions = z.strictObject({
  corpus: artifact('corpus'),
  clusters: artifact('clusters').describe('pseudo-labels of a cluster stage, or known ones of a labels stage'),
  init: artifact('model').optional().describe('network to start from; its backbone and features are kept'),
  backbone: pluginChoice('backbone').optional().describe('network to train from scratch, instead of `init`'),
  features: featureDefinition
    .optional()
    .describe('from scratch: the features; default: those that the corpus holds, or the usual ones'),
  classifier: z
    .enum(['new', 'keep'])
    .default('new')
    .describe("keep: go on with the init's classifier, on labels with the same numbers"),
  prototypes: artifact('embeddings')
    .optional()
    .describe("start the classifier from the clusters' mean embeddings (use the embeddings that were clustered)"),
  loss: pluginChoice('loss').prefault('aam-softmax'),
  margin: marginScheduleOptions
    .optional()
    .describe("rise of the loss's margin; without it the whole margin applies from the start"),
  gate: pluginChoice('gate')
    .optional()
    .describe('rejects pseudo-labels by their loss; without a gate every label is believed'),
  ...gateOptions,
  cropSeconds: z.number().positive().default(3),
  speeds: speedsOption
    .default([1])
    .describe(
      'each utterance is played at one of these speeds, and a speaker at another speed is another class: [1, 0.9, 1.1]',
    ),
  sampling: samplingOptions.prefault({}).describe('composition of batches'),
  freeze: freezeOptions.optional().describe('parts that are not trained'),
  backboneRate: z.number().positive().default(1).describe("factor on the backbone's learning rate"),
  selfTeacher: selfTeacherOptions
    .optional()
    .describe(
      "an auxiliary network that refines the layers' maps and teaches the network by its posteriors and their attention; dropped after training",
    ),
  ...objectiveStageOptions,
  quantize: quantizeOption,
  average: averageOptions,
  ...trainingOptions,
});

export type FinetuneOptions = z.output<typeof finetuneOptions>;
