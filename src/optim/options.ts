import { z } from 'zod';
import { refuseIdle } from '../idle-options.js';

const names = ['sgd', 'adam', 'adamw', 'lars'] as const;

/** The optimizers that read an option which not all of them have. */
const READ_BY = {
  momentum: ['sgd', 'lars'],
  nesterov: ['sgd'],
  beta1: ['adam', 'adamw'],
  beta2: ['adam', 'adamw'],
  epsilon: ['adam', 'adamw'],
  trust: ['lars'],
} as const satisfies Record<string, readonly (typeof names)[number][]>;

const fields = z.strictObject({
  name: z.enum(names).default('adam'),
  momentum: z.number().min(0).max(1).optional().describe('sgd, lars: momentum; default 0.9'),
  nesterov: z.boolean().optional().describe('sgd: Nesterov momentum; default false'),
  beta1: z.number().min(0).max(1).optional().describe('adam: decay rate of the first moment, m; default 0.9'),
  beta2: z.number().min(0).max(1).optional().describe('adam: decay rate of the second moment, v; default 0.999'),
  epsilon: z.number().positive().optional().describe('adam: added to the square root of v; default 1e-8'),
  trust: z
    .number()
    .positive()
    .optional()
    .describe('lars: trust coefficient, the norm of a step relative to that of the weight; default 0.001'),
  weightDecay: z.number().nonnegative().default(0).describe('not applied to biases and other 1-D weights'),
  clipNorm: z.number().positive().optional().describe("each weight's gradient is scaled down to at most this norm"),
  stateBits: z
    .union([z.literal(32), z.literal(8)])
    .default(32)
    .describe('8: states take a quarter of the memory; weights with fewer than 4096 values keep 32-bit states'),
  stateBlock: z
    .union([z.literal(256), z.literal(2048)])
    .optional()
    .describe(
      '8 bit: values that share a scale; 2048 as published, 256 (default) takes 1.4 % more bytes and rounds less',
    ),
  keep32: z
    .array(z.string())
    .default([])
    .describe('8-bit states: names of weights whose states stay in 32 bit; * matches any text: "*/classifier/*"'),
});
export type OptimizerOptions = z.output<typeof fields>;

/** Options of an optimizer; the learning rate comes from the schedule. */
export const optimizerOptions = fields.superRefine(
  refuseIdle((options) => [
    ...(Object.keys(READ_BY) as (keyof typeof READ_BY)[]).map((option) => {
      const readers: readonly string[] = READ_BY[option];
      const idle = options[option] !== undefined && !readers.includes(options.name);
      return [idle, option, `has no effect with name: ${options.name}; it is for ${readers.join(' and ')}`] as const;
    }),
    [options.nesterov === true && options.momentum === 0, 'nesterov', 'has no effect with momentum: 0'],
    [options.stateBits === 32 && options.keep32.length > 0, 'keep32', 'has no effect with stateBits: 32'],
    [options.stateBits === 32 && options.stateBlock !== undefined, 'stateBlock', 'has no effect with stateBits: 32'],
  ]),
);
