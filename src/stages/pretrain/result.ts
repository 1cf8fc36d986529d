import { z } from 'zod';
import { CAUSES } from '../../train/guard/collapse-causes.js';
import { modelResult } from '../artifacts/model-artifact.js';

/** The result of a training without labels. */
export const pretrainResult = modelResult.extend({
  method: z.string(),
  steps: z.number(),
  epochs: z.number(),
  /** Crops that were trained on, together. */
  audioSeconds: z.number(),
  /** Of the network that is the result. */
  parameters: z.number(),
  embeddingSize: z.number(),
  /** Epochs whose ends the weights are the mean of. */
  averagedEpochs: z.number().optional(),
  /** Shares of crops from other utterances, and of those the share from the same speaker, where speakers are known. */
  positives: z.object({ otherUtterances: z.number(), sameSpeaker: z.number().nullable() }).optional(),
  /** Suspicions of the collapse guard. */
  collapse: z.array(
    z.object({
      step: z.number(),
      cause: z.enum(CAUSES),
      /** Null where it was not finite. */
      value: z.number().nullable(),
      limit: z.number().nullable(),
      /** The step that the run went back to, where it did. */
      backTo: z.number().optional(),
      message: z.string(),
    }),
  ),
  /** By signal: the stretches of the run, and how many of them came near the reference. */
  reference: z
    .object({ name: z.string(), near: z.record(z.string(), z.object({ near: z.number(), of: z.number() })) })
    .optional(),
});
