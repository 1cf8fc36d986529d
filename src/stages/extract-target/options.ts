import { z } from 'zod';
import { artifact } from '../../plugin/options.js';
import { targetMeasurement } from '../../target-voice/measure.js';
import { voiceMaskShape } from '../../target-voice/shape.js';
import { trainingOptions } from '../training/training-options.js';

// Augmentation would change what the mask is to leave, and micro-batches would leave too few voices to mix.
const { augmentation: _, accumulate: __, compute: ___, tf32: ____, ...training } = trainingOptions;

export const extractTargetOptions = z.strictObject({
  corpus: artifact('corpus').describe('recordings of one speaker each'),
  clusters: artifact('clusters')
    .optional()
    .describe("labels of a labels or cluster stage, in the place of the corpus' speakers"),
  model: artifact('model')
    .optional()
    .describe('the network whose embeddings tell the voice; default: the model that comes with voxloop'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  ...voiceMaskShape.shape,
  snrDb: z
    .tuple([z.number(), z.number()])
    .default([-5, 5])
    .refine(([low, high]) => low <= high, 'must rise')
    .describe('range of the ratio of the target to the other voice, in dB'),
  cropSeconds: z.number().min(0.1).default(2).describe('length of the mixtures of training'),
  mixtures: z
    .number()
    .int()
    .nonnegative()
    .default(100)
    .describe('mixtures of speakers that were not heard in training, to measure with; 0: none'),
  list: z.string().optional().describe("the trial list whose utterances are mixed for it; default: the corpus' first"),
  mixtureSeconds: z.number().min(0.5).default(4).describe('the longest mixture to measure with'),
  ...training,
});
export type ExtractTargetOptions = z.output<typeof extractTargetOptions>;

export const extractTargetResult = z.object({
  /** The extractor's file. */
  file: z.string(),
  steps: z.number(),
  parameters: z.number(),
  /** The model whose embeddings it follows. */
  model: z.string(),
  /** On held-out speakers; null where nothing was measured. */
  measured: targetMeasurement.nullable(),
});
export type ExtractTargetResult = z.output<typeof extractTargetResult>;
