import { z } from 'zod';

/** The options that every objective has, with its own default layer: to be spread into its schema. */
export const objectiveOptions = (layer: string) => ({
  layer: z
    .string()
    .min(1)
    .default(layer)
    .describe('layer of the network: `frames` (what is pooled), `pooled`, `embedding`, or one that its backbone names'),
  weight: z.number().positive().default(1).describe('factor on its loss in the sum'),
});
