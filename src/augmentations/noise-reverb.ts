import { artifact, defineAugmentation, mixNoiseAndRooms, recipeOptions, z } from '../index.js';

/** Noises and rooms as published recipes mix them. */
export default defineAugmentation({
  name: 'noise-reverb',
  summary:
    'Noises and rooms with the shares, ratios and gains of a published recipe (WeSpeaker, 3D-Speaker, sslsv, ...).',
  options: z.strictObject({
    bank: artifact('noises').describe('the stage that gathered noises and room responses'),
    mix: recipeOptions.prefault({}),
  }),
  apply: (wave, { name, options, bank }) => mixNoiseAndRooms(wave, bank(options.bank), options.mix, name),
});
