import { z } from 'zod';
import { type PluginChoiceInput, pluginChoice } from './options.js';

/** The options that every backbone has, with a family's own defaults: to be spread into its schema. */
export function backboneOptions(defaults: { width: number; embeddingSize: number; pooling?: PluginChoiceInput }) {
  return {
    width: z
      .number()
      .int()
      .positive()
      .default(defaults.width)
      .describe('channels of the first layers; the others follow'),
    embeddingSize: z.number().int().positive().default(defaults.embeddingSize),
    pooling: pluginChoice('pooling', defaults.pooling ?? 'tstp'),
    checkpointing: z
      .boolean()
      .default(false)
      .describe('keep only the inputs of blocks and compute the rest again in the backward pass'),
  };
}
