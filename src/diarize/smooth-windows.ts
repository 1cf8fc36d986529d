import { norm, unitRows } from '../rows.js';
import type { Span } from './segments.js';
import { stretchOf } from './speech-windows.js';

/**
 * Gives each window the mean direction of the windows whose middles are at most `seconds` from its own and that lie in the same stretch of
 * speech: voices rarely change without a pause, and a mean of several windows is less noisy than one.
 * @param speech stretches, in order
 * @param windows in order, each within a stretch
 * @param vectors [windows, size] unit rows
 * @returns [windows, size] unit rows
 */
export function smoothWindows(
  speech: readonly Span[],
  windows: readonly Span[],
  vectors: Float32Array,
  seconds: number,
): Float32Array {
  const size = vectors.length / windows.length;
  const middles = windows.map(({ startSeconds, endSeconds }) => (startSeconds + endSeconds) / 2);
  const stretches = stretchOf(speech, middles);
  const sums = new Float32Array(vectors.length);
  const isNear = (i: number, j: number) =>
    stretches[i] === stretches[j] && Math.abs(middles[i] - middles[j]) <= seconds + 1e-6;
  let first = 0;
  for (let i = 0; i < windows.length; i++) {
    while (!isNear(i, first)) first++;
    for (let j = first; j < windows.length && isNear(i, j); j++) {
      for (let k = 0; k < size; k++) sums[i * size + k] += vectors[j * size + k];
    }
  }
  return unitRows(sums, size, norm);
}
