import { defineAugmentation, oneOf, pluginChoice, probability, z } from '../index.js';

/** One of several augmentations for each row. */
export default defineAugmentation({
  name: 'one-of',
  summary: 'Sends each crop through one of several augmentations, or none.',
  options: z
    .strictObject({
      of: z.array(pluginChoice('augmentation')).min(1),
      weights: z.array(z.number().nonnegative()).optional().describe('how often each is drawn; default: all alike'),
      probability: probability(1).describe('probability that a crop goes through any of them'),
    })
    .refine(({ of, weights }) => !weights || weights.length === of.length, 'weights must name one number for each')
    .refine(({ weights }) => !weights || weights.some((weight) => weight > 0), 'a weight must be above 0'),
  apply(wave, { name, options, of }) {
    const weights = options.weights ?? of.map(() => 1);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const branches = of.map((apply, i) => ({ share: (options.probability * weights[i]) / total, apply }));
    return oneOf(wave, branches, name);
  },
});
