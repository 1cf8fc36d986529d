import { clip, clippingOptions, defineAugmentation, forSome, z } from '../index.js';

/** Overdriven recordings. */
export default defineAugmentation({
  name: 'clipping',
  summary: 'Cuts the peaks of crops off.',
  options: clippingOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => clip(rows, options, part), name),
});
