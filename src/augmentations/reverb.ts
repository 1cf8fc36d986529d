import {
  artifact,
  convolveRows,
  defineAugmentation,
  drawRooms,
  forSome,
  type NoiseBank,
  probability,
  rangeOf,
  rowDraw,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';

export const reverbOptions = z.strictObject({
  gainDb: rangeOf(0, 0).describe(
    'gain of the room in dB; 0 keeps the responses at unit energy, self-supervised recipes use -7 to 3',
  ),
});

/**
 * Plays each row in a random room of the bank. The bank's responses begin with the direct path, so nothing moves in time; the tail that
 * rings on after the row is cut off.
 * @param wave [rows, samples] float32
 * @returns as `wave`; no gradient flows through
 */
export function reverberate(
  wave: Tensor,
  bank: NoiseBank,
  { gainDb }: z.output<typeof reverbOptions>,
  name: string,
): Tensor {
  return withoutGradient(() => {
    const rows = wave.shape[0];
    const gain = rowDraw(rows, name).gain('gain-db', gainDb);
    return convolveRows(wave, tf.mul(drawRooms(bank, rows, name), gain));
  });
}

/** Rooms, recorded or simulated. */
export default defineAugmentation({
  name: 'reverb',
  summary: 'Plays crops in rooms of a bank, without moving them in time.',
  options: reverbOptions.extend({
    bank: artifact('noises').describe('the stage that gathered the room responses'),
    probability: probability(1),
  }),
  apply: (wave, { name, options, bank }) =>
    forSome(wave, options.probability, (rows, part) => reverberate(rows, bank(options.bank), options, part), name),
});
