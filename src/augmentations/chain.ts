import { defineAugmentation, forSome, pluginChoice, probability, z } from '../index.js';

/** Several augmentations, one after the other. */
export default defineAugmentation({
  name: 'chain',
  summary: 'Several augmentations in a row, all of them or none; for a common probability, or as one choice of one-of.',
  options: z.strictObject({
    of: z.array(pluginChoice('augmentation')).min(1),
    probability: probability(1),
  }),
  apply: (wave, { name, options, of }) =>
    forSome(
      wave,
      options.probability,
      (rows, part) => of.reduce((changed, apply, i) => apply(changed, `${part}/${i}`), rows),
      name,
    ),
});
