import { UserError } from '../../errors.js';

/**
 * Converts samples in [-1, 1] to int16: times 32768, rounded, limited to the range, so that PCM16 audio comes back
 * bit for bit. Throws a UserError (naming no file: the caller knows it) when the audio is empty, silent or not finite.
 */
export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  if (samples.length === 0) throw new UserError('the file holds no audio');
  const pcm = new Int16Array(samples.length);
  let any = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] * 32768;
    if (!Number.isFinite(value)) throw new UserError(`sample ${i} is not a finite number`);
    pcm[i] = value >= 32767 ? 32767 : value <= -32768 ? -32768 : Math.round(value);
    any |= pcm[i];
  }
  if (any === 0) throw new UserError('the file is silent: every sample is zero');
  return pcm;
}
