import { addNoise, artifact, defineAugmentation, forSome, noiseOptions, z } from '../index.js';

/** Recorded or generated noise, speech and music. */
export default defineAugmentation({
  name: 'noise',
  summary: 'Adds noise, speech or music from a bank, in a drawn signal-to-noise ratio.',
  options: noiseOptions.extend({
    bank: artifact('noises').describe('the stage that gathered the noises'),
    probability: z.number().min(0).max(1).default(1),
  }),
  apply: (wave, { name, options, bank }) =>
    forSome(wave, options.probability, (rows, part) => addNoise(rows, bank(options.bank), options, part), name),
});
