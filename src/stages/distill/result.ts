import { z } from 'zod';
import { modelResult } from '../artifacts/model-artifact.js';

/** The result of a training on a teacher's outputs. */
export const distillResult = modelResult.extend({
  steps: z.number(),
  /** Trained numbers of the student's network, and of its teachers' together. */
  parameters: z.number(),
  teacherParameters: z.number(),
  embeddingSize: z.number(),
  /** Null without a classifier. */
  classes: z.number().nullable(),
  /** Epochs whose ends the weights are the mean of. */
  averagedEpochs: z.number().optional(),
});
