import { defineAugmentation, forSome, overTelephone, telephoneOptions, z } from '../index.js';

/** A narrow-band telephone line. */
export default defineAugmentation({
  name: 'telephone',
  summary: 'Band of a telephone line, 8000 Hz and G.711.',
  options: telephoneOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => overTelephone(rows, options, part), name),
});
