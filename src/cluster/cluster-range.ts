import { z } from 'zod';

const wholeNumber = z.number().int().positive();

/** An option `clusters`: a number of clusters, or `{from, to, steps, by}` to choose it from (see `chooseClusters`). */
export const clusterRange = () =>
  z.union([
    wholeNumber,
    z.strictObject({
      from: wholeNumber.describe('fewest clusters to try'),
      to: wholeNumber.describe('most clusters to try'),
      steps: z
        .number()
        .int()
        .min(2)
        .default(8)
        .describe('how many numbers to try, each the same factor above the last'),
      by: z
        .enum(['silhouette', 'stability', 'gain'])
        .default('silhouette')
        .describe('largest silhouette, agreement of two samples, or knee of the inertia'),
    }),
  ]);
