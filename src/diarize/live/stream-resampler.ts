import { resample } from '../../audio/decode/resample.js';
import { joinRows } from '../../rows.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** Changes the rate of a signal that comes in pieces. */
export interface StreamResampler {
  /** The samples at 16 kHz that are known by now; they follow those before. */
  push(samples: Float32Array): Float32Array;
  /** The rest. */
  end(): Float32Array;
}

/** Seconds that are resampled at a time. */
const BLOCK_SECONDS = 0.1;
/** The filter reaches this many samples of the lower rate to either side, and no further. */
const REACH = 64;

/**
 * Resamples a stream to 16 kHz, bit for bit as `resample` does the whole signal: in blocks that begin where an output sample stands on an
 * input sample, each with as much around it as the filter hears.
 * @param fromHz a positive whole number
 */
export function createStreamResampler(fromHz: number): StreamResampler {
  if (fromHz === SAMPLE_RATE_HZ) return { push: (samples) => samples.slice(), end: () => new Float32Array(0) };
  const divisor = greatestCommonDivisor(fromHz, SAMPLE_RATE_HZ);
  const [up, down] = [SAMPLE_RATE_HZ / divisor, fromHz / divisor];
  const whole = (samples: number) => Math.ceil(samples / down) * down;
  const block = whole(BLOCK_SECONDS * fromHz);
  const margin = whole(REACH * Math.max(1, fromHz / SAMPLE_RATE_HZ));
  const outputs = (inputs: number) => Math.ceil((inputs * up) / down);
  // What was heard from a margin before the next block on; before the signal there is silence.
  let held: Float32Array = new Float32Array(margin);
  const middle = (window: Float32Array, inputs: number) => {
    const output = resample(window, fromHz, SAMPLE_RATE_HZ);
    return output.subarray(outputs(margin), outputs(margin) + outputs(inputs));
  };
  return {
    push(samples) {
      const all = joinRows([held, samples]);
      const parts: Float32Array[] = [];
      let start = 0;
      for (; start + block + 2 * margin <= all.length; start += block)
        parts.push(middle(all.subarray(start, start + block + 2 * margin), block));
      held = all.slice(start);
      return joinRows(parts);
    },
    end: () => middle(joinRows([held, new Float32Array(margin)]), held.length - margin),
  };
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
