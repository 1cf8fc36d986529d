const RATE_HZ = 8000;
const FRAME = 400;
const HOP = 160;
const [SHORTEST_LAG, LONGEST_LAG] = [RATE_HZ / 400, Math.ceil(RATE_HZ / 60)];
/** Normalised autocorrelation from which a frame counts as voiced. */
const VOICED = 0.6;
const QUIET_DB = -30;

/**
 * Mean natural logarithm of the pitch over voiced frames: the lag (60 to 400 Hz) of the highest normalised autocorrelation, the
 * shortest one within 5 % of it against octave errors. Frames 30 dB below the loudest do not count. NaN when none is voiced.
 * @param samples 16 kHz mono
 */
export function meanLogPitch(samples: Float32Array): number {
  const half = Float64Array.from({ length: samples.length >> 1 }, (_, i) => samples[2 * i] + samples[2 * i + 1]);
  const starts: number[] = [];
  for (let start = 0; start + FRAME + LONGEST_LAG <= half.length; start += HOP) starts.push(start);
  const energies = starts.map((start) => product(half, start, 0));
  const loudest = energies.reduce((a, b) => Math.max(a, b), 0);
  const pitches = starts
    .filter((_, i) => energies[i] > loudest * 10 ** (QUIET_DB / 10))
    .map((start) => Math.log(framePitchHz(half, start)))
    .filter((pitch) => !Number.isNaN(pitch));
  return pitches.reduce((sum, pitch) => sum + pitch, 0) / pitches.length;
}

function framePitchHz(signal: Float64Array, start: number): number {
  const alike = Float64Array.from({ length: LONGEST_LAG + 1 }, (_, lag) => {
    if (lag < SHORTEST_LAG - 1) return 0;
    return product(signal, start, lag) / Math.sqrt(product(signal, start, 0) * product(signal, start + lag, 0) + 1e-12);
  });
  const isPeak = (lag: number) => alike[lag] >= alike[lag - 1] && alike[lag] >= (alike[lag + 1] ?? 0);
  const peaks = Array.from({ length: LONGEST_LAG - SHORTEST_LAG }, (_, i) => SHORTEST_LAG + i).filter(isPeak);
  const best = peaks.reduce((most, lag) => Math.max(most, alike[lag]), 0);
  const lag = peaks.find((one) => alike[one] >= 0.95 * best);
  if (lag === undefined || best < VOICED) return Number.NaN;
  // A parabola through three points finds the peak between samples.
  const [left, middle, right] = [alike[lag - 1], alike[lag], alike[lag + 1]];
  return RATE_HZ / (lag + (right - left) / (2 * (2 * middle - left - right) + 1e-12));
}

/** Sum of a frame times the frame `lag` later. */
function product(signal: Float64Array, start: number, lag: number): number {
  let sum = 0;
  for (let i = start; i < start + FRAME; i++) sum += signal[i] * signal[i + lag];
  return sum;
}
