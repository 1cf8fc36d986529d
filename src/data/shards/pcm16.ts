import { UserError } from '../../errors.js';

const FULL_SCALE = 32768;
/** Below this exponent of two, 16 bits hold less than ten. */
const LOWEST_EXPONENT = -6;
/** Share of the samples that may be louder than full scale: what a lossy decoder overshoots, or a click. */
const OVERSHOOT = 1e-3;

/**
 * Converts samples, nominally in [-1, 1], to int16: times 32768, rounded, limited to the range, so that PCM16 audio comes back
 * bit for bit. Floating-point audio that this would clip or round away, a thousandth of it or more being beyond full scale (int16 values
 * in a float file, for one) or all of it below -36 dB, is brought into the range by a power of two. Throws a UserError (naming no file:
 * the caller knows it) when the audio is empty, silent or not finite.
 */
export function toPcm16(samples: Float32Array): Int16Array<ArrayBuffer> {
  if (samples.length === 0) throw new UserError('the file holds no audio');
  const scale = FULL_SCALE * gainOf(samples);
  const pcm = new Int16Array(samples.length);
  let any = 0;
  for (let i = 0; i < samples.length; i++) {
    const value = samples[i] * scale;
    pcm[i] = value >= 32767 ? 32767 : value <= -FULL_SCALE ? -FULL_SCALE : Math.round(value);
    any |= pcm[i];
  }
  if (any === 0) throw new UserError('the file is silent: every sample is zero');
  return pcm;
}

/** 1 for audio that 16 bits hold. */
function gainOf(samples: Float32Array): number {
  let [loud, peak, whole] = [0, 0, true];
  for (let i = 0; i < samples.length; i++) {
    const size = Math.abs(samples[i]);
    if (!Number.isFinite(size)) throw new UserError(`sample ${i} is not a finite number`);
    if (size > 1) loud++;
    if (size > peak) peak = size;
    if (whole && !Number.isInteger(size * FULL_SCALE)) whole = false;
  }
  const quiet = peak < 2 ** LOWEST_EXPONENT && !whole && peak > 0;
  if (quiet) return 2 ** -Math.ceil(Math.log2(peak));
  return loud > OVERSHOOT * samples.length ? 2 ** -exponentOf(samples) : 1;
}

/** The exponent of two that all but a few samples stay below. */
function exponentOf(samples: Float32Array): number {
  const counts = new Map<number, number>();
  for (const sample of samples) {
    const exponent = sample === 0 ? 0 : Math.max(0, Math.ceil(Math.log2(Math.abs(sample))));
    counts.set(exponent, (counts.get(exponent) ?? 0) + 1);
  }
  let above = 0;
  for (const [exponent, count] of [...counts].sort(([a], [b]) => b - a)) {
    above += count;
    if (above > OVERSHOOT * samples.length) return exponent;
  }
  return 0;
}
