import { SAMPLE_RATE_HZ } from '../../../../sample-rate.js';

/** A second-order section whose coefficients may change between samples. */
export interface Resonator {
  tune(hz: number, bandwidthHz: number): void;
  filter(sample: number): number;
}

/** A resonance (two poles) with a gain of 1 at 0 Hz, as in Klatt 1980, equations 1 and 2. */
export function createResonator(): Resonator {
  let [a, b, c, last, beforeLast] = [1, 0, 0, 0, 0];
  return {
    tune(hz, bandwidthHz) {
      [a, b, c] = coefficients(hz, bandwidthHz);
    },
    filter(sample) {
      const value = a * sample + b * last + c * beforeLast;
      beforeLast = last;
      last = value;
      return value;
    },
  };
}

/** The inverse of a resonance (two zeros), as in Klatt 1980, equation 4. */
export function createAntiResonator(): Resonator {
  let [a, b, c, last, beforeLast] = [1, 0, 0, 0, 0];
  return {
    tune(hz, bandwidthHz) {
      [a, b, c] = coefficients(hz, bandwidthHz);
    },
    filter(sample) {
      const value = (sample - b * last - c * beforeLast) / a;
      beforeLast = last;
      last = sample;
      return value;
    },
  };
}

function coefficients(hz: number, bandwidthHz: number): [number, number, number] {
  const c = -Math.exp((-2 * Math.PI * bandwidthHz) / SAMPLE_RATE_HZ);
  const b = 2 * Math.sqrt(-c) * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE_HZ);
  return [1 - b - c, b, c];
}
