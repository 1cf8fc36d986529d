import { defineAugmentation, forSome, randomFilter, randomFilterOptions, z } from '../index.js';

/** Random filters. */
export default defineAugmentation({
  name: 'random-filter',
  summary: 'Low-pass, high-pass, band-stop (DropFreq) or equaliser, one for each crop.',
  options: randomFilterOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => randomFilter(rows, options, part), name),
});
