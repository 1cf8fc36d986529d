import type { Rng } from '../../../../random.js';
import { SAMPLE_RATE_HZ } from '../../../../sample-rate.js';

/** Oscillation of the vocal folds. */
export interface GlottisShape {
  openQuotient: number;
  /** Corner of the first-order low-pass that rounds the closing. */
  tiltHz: number;
  jitter: number;
  shimmer: number;
}

/** The sound source of a voice. */
export interface Glottis {
  /** The next sample at this pitch: the derivative of the air flow, of the order of 1. */
  next(f0Hz: number): number;
  /** Air flow of the last sample, 0 (closed) to 1. */
  flow(): number;
}

/**
 * Pulses of air flow t^2 - t^3 over the open phase (Klatt and Klatt, "Analysis, synthesis, and perception of
 * voice quality variations among female and male talkers", JASA 1990), each period and its height off by a random
 * fraction. The derivative is a difference of the flow, so that the sharp closing, which falls between samples, does not alias much.
 */
export function createGlottis({ openQuotient, tiltHz, jitter, shimmer }: GlottisShape, rng: Rng): Glottis {
  const keep = Math.exp((-2 * Math.PI * tiltHz) / SAMPLE_RATE_HZ);
  let [phase, period, height] = [1, 1, 1];
  let [flow, rounded] = [0, 0];
  return {
    next(f0Hz) {
      phase += f0Hz / SAMPLE_RATE_HZ / period;
      if (phase >= 1) {
        phase -= 1;
        period = Math.max(1 + jitter * rng.normal(), 0.5);
        height = Math.max(1 + shimmer * rng.normal(), 0);
      }
      const open = phase / openQuotient;
      const now = open < 1 ? 6.75 * height * open * open * (1 - open) : 0;
      // Pulses of a higher pitch are shorter and steeper, which would make them louder.
      const slope = ((now - flow) * 160) / f0Hz;
      flow = now;
      rounded += (1 - keep) * (10 * slope - rounded);
      return rounded;
    },
    flow: () => flow,
  };
}
