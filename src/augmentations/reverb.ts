import { artifact, defineAugmentation, forSome, reverberate, reverbOptions, z } from '../index.js';

/** Rooms, recorded or simulated. */
export default defineAugmentation({
  name: 'reverb',
  summary: 'Plays crops in rooms of a bank, without moving them in time.',
  options: reverbOptions.extend({
    bank: artifact('noises').describe('the stage that gathered the room responses'),
    probability: z.number().min(0).max(1).default(1),
  }),
  apply: (wave, { name, options, bank }) =>
    forSome(wave, options.probability, (rows, part) => reverberate(rows, bank(options.bank), options, part), name),
});
