const DECIMATION = 4;
const WINDOW = 160; // 40 ms at 4 kHz: two periods of a pitch of 50 Hz
const [SHORTEST_LAG, LONGEST_LAG] = [10, 66]; // 400 to 60 Hz at 4 kHz

/**
 * Periodicity of each 10 ms of a signal below 2 kHz at the pitch of a voice (60 to 400 Hz): the largest normalised autocorrelation, near
 * 1 in vowels, about 0.2 in noise (Talkin, "A robust algorithm for pitch tracking (RAPT)", Speech Coding and Synthesis 1995).
 * @param samples 16 kHz
 * @returns [frames] for frames of 10 ms
 */
export function periodicity(samples: Float32Array, frames: number): Float32Array {
  const low = decimate(samples);
  const shift = 160 / DECIMATION;
  return Float32Array.from({ length: frames }, (_, frame) => {
    const start = Math.min(frame * shift, low.length - WINDOW - LONGEST_LAG);
    return start < 0 ? 0 : strongestLag(low, start);
  });
}

function strongestLag(x: Float64Array, start: number): number {
  let energy = 0;
  for (let i = start; i < start + WINDOW; i++) energy += x[i] * x[i];
  let shifted = 0;
  for (let i = start + SHORTEST_LAG; i < start + SHORTEST_LAG + WINDOW; i++) shifted += x[i] * x[i];
  let best = 0;
  for (let lag = SHORTEST_LAG; lag <= LONGEST_LAG; lag++) {
    let product = 0;
    for (let i = start; i < start + WINDOW; i++) product += x[i] * x[i + lag];
    best = Math.max(best, product / Math.sqrt(energy * shifted + 1e-12));
    shifted += x[start + lag + WINDOW] ** 2 - x[start + lag] ** 2;
  }
  return best;
}

/** Decimates to 4 kHz; a triangular average is a good enough filter for a pitch. */
function decimate(samples: Float32Array): Float64Array {
  const low = new Float64Array(Math.floor(samples.length / DECIMATION));
  let before = 0;
  for (let i = 0; i < low.length; i++) {
    let sum = 0;
    for (let j = 0; j < DECIMATION; j++) sum += samples[i * DECIMATION + j];
    low[i] = (sum + before) / (2 * DECIMATION);
    before = sum;
  }
  return low;
}
