import { z } from 'zod';
import { DEFAULT_BLOCK } from '../engine/ops/block-codes.js';

/** Options of an optimizer; the learning rate comes from the schedule. */
export const optimizerOptions = z.strictObject({
  name: z.enum(['sgd', 'adam', 'adamw', 'lars']).default('adam'),
  momentum: z.number().min(0).max(1).default(0.9).describe('sgd, lars: momentum'),
  nesterov: z.boolean().default(false).describe('sgd: Nesterov momentum'),
  beta1: z.number().min(0).max(1).default(0.9).describe('adam: decay rate of the first moment, m'),
  beta2: z.number().min(0).max(1).default(0.999).describe('adam: decay rate of the second moment, v'),
  epsilon: z.number().positive().default(1e-8).describe('adam: added to the square root of v'),
  trust: z
    .number()
    .positive()
    .default(0.001)
    .describe('lars: trust coefficient, the norm of a step relative to that of the weight'),
  weightDecay: z.number().nonnegative().default(0).describe('not applied to biases and other 1-D weights'),
  clipNorm: z.number().positive().optional().describe("each weight's gradient is scaled down to at most this norm"),
  stateBits: z
    .union([z.literal(32), z.literal(8)])
    .default(32)
    .describe('8: states take a quarter of the memory; weights with fewer than 4096 values keep 32-bit states'),
  stateBlock: z
    .union([z.literal(256), z.literal(2048)])
    .default(DEFAULT_BLOCK)
    .describe('8 bit: values that share a scale; 2048 as published, 256 takes 1.4 % more bytes and rounds less'),
  keep32: z
    .array(z.string())
    .default([])
    .describe('names of weights whose states stay in 32 bit; * matches any text: "*/classifier/*"'),
});
export type OptimizerOptions = z.output<typeof optimizerOptions>;
