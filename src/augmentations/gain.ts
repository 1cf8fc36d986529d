import { changeGain, defineAugmentation, forSome, gainOptions, z } from '../index.js';

/** A gain for each row. */
export default defineAugmentation({
  name: 'gain',
  summary: 'Makes crops louder or softer.',
  options: gainOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => changeGain(rows, options, part), name),
});
