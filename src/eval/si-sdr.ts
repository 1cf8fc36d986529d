import { dot } from '../rows.js';

/**
 * The scale-invariant signal-to-distortion ratio of an estimate of a signal, in dB: the energy of the estimate's projection on the signal
 * over that of the rest (Le Roux, Wisdom, Erdogan and Hershey, "SDR - half-baked or well done?", 2019, arXiv:1811.02508). Means are not
 * subtracted.
 * @param estimate [samples]
 * @param signal the truth, as many samples, not all zero
 * @returns Infinity for the signal itself at any scale, -Infinity for an estimate without any of it
 */
export function siSdr(estimate: Float32Array, signal: Float32Array): number {
  if (estimate.length !== signal.length)
    throw new Error(`an estimate of ${estimate.length} samples for a signal of ${signal.length}`);
  const scale = dot(estimate, signal) / dot(signal, signal);
  let [wanted, rest] = [0, 0];
  for (let i = 0; i < signal.length; i++) {
    wanted += (scale * signal[i]) ** 2;
    rest += (scale * signal[i] - estimate[i]) ** 2;
  }
  return 10 * Math.log10(wanted / rest);
}
