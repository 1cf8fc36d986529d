import { codecOptions, defineAugmentation, forSome, throughCodec, z } from '../index.js';

/** What a codec leaves. */
export default defineAugmentation({
  name: 'codec',
  summary: 'Brings crops to a lower rate and 8 bits (mu-law, A-law or linear) and back.',
  options: codecOptions.extend({ probability: z.number().min(0).max(1).default(1) }),
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => throughCodec(rows, options, part), name),
});
