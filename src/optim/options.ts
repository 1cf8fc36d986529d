import { z } from 'zod';

/** Options of an optimizer; the learning rate comes from the schedule. */
export const optimizerOptions = z.strictObject({
  name: z.enum(['sgd', 'adam', 'adamw', 'lars']).default('adam'),
  momentum: z.number().min(0).max(1).default(0.9).describe('sgd, lars: momentum'),
  nesterov: z.boolean().default(false).describe('sgd: Nesterov momentum'),
  beta1: z.number().min(0).max(1).default(0.9).describe('adam: decay of the mean'),
  beta2: z.number().min(0).max(1).default(0.999).describe('adam: decay of the mean square'),
  epsilon: z.number().positive().default(1e-8).describe('adam: added to the root'),
  trust: z.number().positive().default(0.001).describe("lars: length of a step as a share of the weight's"),
  weightDecay: z.number().nonnegative().default(0).describe('not applied to biases and other 1-D weights'),
  clipNorm: z.number().positive().optional().describe("largest norm of each weight's gradient"),
  stateBits: z
    .union([z.literal(32), z.literal(8)])
    .default(32)
    .describe('8: states take a quarter of the memory; those of weights with fewer than 4096 values stay in 32 bit'),
  keep32: z
    .array(z.string())
    .default([])
    .describe('names of weights whose states stay in 32 bit; * stands for any text: "*/classifier/*"'),
});
export type OptimizerOptions = z.output<typeof optimizerOptions>;
