import { defineAugmentation, forSome, pluginChoice, z } from '../index.js';

/** Several augmentations, one after the other. */
export default defineAugmentation({
  name: 'chain',
  summary: 'Several augmentations in a row, all of them or none; to put them behind a probability or into one-of.',
  options: z.strictObject({
    of: z.array(pluginChoice('augmentation')).min(1),
    probability: z.number().min(0).max(1).default(1),
  }),
  apply: (wave, { name, options, of }) =>
    forSome(
      wave,
      options.probability,
      (rows, part) => of.reduce((changed, apply, i) => apply(changed, `${part}/${i}`), rows),
      name,
    ),
});
