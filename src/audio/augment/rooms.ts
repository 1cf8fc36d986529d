import { z } from 'zod';
import { withoutGradient } from '../../engine/autodiff.js';
import { convolveRows } from '../../engine/ops/spectral.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { drawRooms, type NoiseBank } from './bank.js';
import { rowDraw } from './draw.js';
import { decibels, rangeOf } from './level.js';

export const reverbOptions = z.strictObject({
  gainDb: rangeOf(0, 0).describe(
    'gain of the room; 0 keeps the responses at unit energy, self-supervised recipes take -7 to 3',
  ),
});

export type ReverbOptions = z.output<typeof reverbOptions>;

/**
 * Plays each row in a random room of the bank. The bank's responses begin with the direct path, so that nothing moves in time; what
 * rings on behind the row is cut off.
 * @param wave [rows, samples] float32
 * @returns as `wave`; no gradient flows through
 */
export function reverberate(wave: Tensor, bank: NoiseBank, { gainDb }: ReverbOptions, name: string): Tensor {
  return withoutGradient(() => {
    const rows = wave.shape[0];
    const gain = decibels(rowDraw(rows, name).uniform('gain-db', gainDb));
    return convolveRows(wave, tf.mul(drawRooms(bank, rows, name), gain));
  });
}
