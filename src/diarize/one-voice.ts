import { rowDot } from '../rows.js';
import { withoutMean } from './cosines.js';
import type { Span } from './segments.js';
import { stretchOf } from './speech-windows.js';

/** Pairs of windows so far apart share hardly any sound, and no further: somebody else may speak by then. */
const LAG_SECONDS = [1.45, 2.6] as const;
/** Fewer pairs of neighbours say nothing. */
const LEAST_PAIRS = 4;

/**
 * Whether a recording holds one voice: then what a window differs by from the recording's mean is chance, and its neighbours differ by
 * something else; where voices take turns, neighbours are of the same voice and differ alike. Nothing is compared with a threshold that
 * depends on the model.
 * @param speech stretches, in order
 * @param windows in order, each within a stretch
 * @param vectors [windows, size] of the windows by themselves, not smoothed
 * @returns false, too, where there is too little speech to tell
 */
export function isOneVoice(speech: readonly Span[], windows: readonly Span[], vectors: Float32Array): boolean {
  return neighbourCovariance(speech, windows, vectors) < 0;
}

/**
 * Mean product of the differences from the mean of neighbouring windows of one stretch of speech that share no sound; infinite where there are
 * too few. Of independent windows it is below 0 (by their variance over their number).
 */
function neighbourCovariance(speech: readonly Span[], windows: readonly Span[], vectors: Float32Array): number {
  const size = vectors.length / windows.length;
  const middles = windows.map(({ startSeconds, endSeconds }) => (startSeconds + endSeconds) / 2);
  const stretches = stretchOf(speech, middles);
  const centred = withoutMean(vectors, size);
  let [pairs, sum] = [0, 0];
  for (let i = 0; i < windows.length; i++) {
    for (let j = i + 1; j < windows.length && stretches[j] === stretches[i]; j++) {
      const lag = middles[j] - middles[i];
      if (lag >= LAG_SECONDS[1]) break;
      if (lag < LAG_SECONDS[0]) continue;
      sum += rowDot(centred, i, centred, j, size);
      pairs++;
    }
  }
  return pairs < LEAST_PAIRS ? Number.POSITIVE_INFINITY : sum / pairs;
}
