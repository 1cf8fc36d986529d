import { UserError } from '../../errors.js';

/** A peak this close to the strongest may be the direct path though a reflection is stronger. */
const DIRECT_SHARE = 0.5;
/** From the first sample that strong to the peak it belongs to. */
const RISE_SAMPLES = 16;

/**
 * Makes a room response fit for mixing: it begins with the direct path, so that nothing moves in time, has unit energy, and `taps`
 * samples. The direct path is the first peak within 6 dB of the strongest.
 * @throws UserError when the response is silent
 */
export function alignResponse(response: Float32Array, taps: number): Float32Array<ArrayBuffer> {
  const strongest = response.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (strongest === 0) throw new UserError('the room response is silent');
  const rise = response.findIndex((value) => Math.abs(value) >= DIRECT_SHARE * strongest);
  let direct = rise;
  for (let i = rise; i < Math.min(rise + RISE_SAMPLES, response.length); i++) {
    if (Math.abs(response[i]) > Math.abs(response[direct])) direct = i;
  }
  const aligned = new Float32Array(taps);
  aligned.set(response.subarray(direct, direct + taps));
  const norm = Math.sqrt(aligned.reduce((sum, value) => sum + value * value, 0));
  return aligned.map((value) => value / norm);
}
