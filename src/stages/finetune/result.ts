import { z } from 'zod';
import { modelResult } from '../artifacts/model-artifact.js';

/** The result of a training on labels. Figures of the last epoch; null where nothing was gated, corrected or known. */
export const finetuneResult = modelResult.extend({
  steps: z.number(),
  classes: z.number(),
  /** Epochs whose ends the weights are the mean of. */
  averagedEpochs: z.number().optional(),
  /** The largest loss that was kept; null when all were. */
  gate: z.number().nullable(),
  /** Shares of the labels. */
  kept: z.number().nullable(),
  corrected: z.number().nullable(),
  /** Measured against the speakers, where these are known. */
  gatePrecision: z.number().nullable(),
  gateRecall: z.number().nullable(),
  correctionPrecision: z.number().nullable(),
});
