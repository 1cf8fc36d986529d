import { rowDot } from '../rows.js';
import { centroids } from './cosines.js';
import type { Span } from './segments.js';

export interface ResegmentOptions {
  /** Length of the frames that are assigned to a speaker. */
  frameSeconds: number;
  /** The cost of a change of speaker, in cosine of one frame. */
  switchCost: number;
  /** Times that speakers' mean directions and the assignment of frames are computed. */
  passes: number;
}

/**
 * Refines the borders between speakers: a frame's score for a speaker is the mean cosine of the windows over it, those
 * whose middle is near weighing more, and the best path (Viterbi) through each stretch of speech pays for every change of speaker.
 * @param speech stretches in order, at least one
 * @param vectors [windows, size] unit rows
 * @param labels speaker of each window, the beginning of the search
 * @returns [frames] the speaker of each frame, -1 in silence
 */
export function resegment(
  speech: readonly Span[],
  windows: readonly Span[],
  vectors: Float32Array,
  labels: Int32Array,
  { frameSeconds, switchCost, passes }: ResegmentOptions,
): Int32Array {
  const size = vectors.length / windows.length;
  const speakers = labels.reduce((most, label) => Math.max(most, label), -1) + 1;
  const frames = Math.ceil(speech[speech.length - 1].endSeconds / frameSeconds);
  let assigned = labels;
  const best = new Int32Array(frames).fill(-1);
  for (let pass = 0; pass < passes; pass++) {
    const means = centroids(vectors, size, assigned, undefined, speakers);
    const scores = frameScores(windows, vectors, means, frames, frameSeconds);
    for (const { startSeconds, endSeconds } of speech) {
      const first = Math.round(startSeconds / frameSeconds);
      const last = Math.min(frames, Math.round(endSeconds / frameSeconds));
      if (last > first)
        best.set(bestPath(scores.subarray(first * speakers, last * speakers), speakers, switchCost), first);
    }
    assigned = assigned.map((label, i) => {
      const { startSeconds, endSeconds } = windows[i];
      const middle = best[Math.floor((startSeconds + endSeconds) / 2 / frameSeconds)] ?? -1;
      return middle < 0 ? label : middle;
    });
  }
  return best;
}

function frameScores(
  windows: readonly Span[],
  vectors: Float32Array,
  means: Float32Array,
  frames: number,
  frameSeconds: number,
): Float32Array {
  const size = vectors.length / windows.length;
  const speakers = means.length / size;
  const [scores, weights] = [new Float32Array(frames * speakers), new Float32Array(frames)];
  for (const [i, { startSeconds, endSeconds }] of windows.entries()) {
    const cosines = Array.from({ length: speakers }, (_, k) => rowDot(vectors, i, means, k, size));
    const [middle, half] = [(startSeconds + endSeconds) / 2, (endSeconds - startSeconds) / 2 + frameSeconds];
    const last = Math.min(frames, Math.ceil(endSeconds / frameSeconds));
    for (let frame = Math.max(0, Math.floor(startSeconds / frameSeconds)); frame < last; frame++) {
      const weight = Math.max(1e-3, 1 - Math.abs((frame + 0.5) * frameSeconds - middle) / half);
      weights[frame] += weight;
      for (let k = 0; k < speakers; k++) scores[frame * speakers + k] += weight * cosines[k];
    }
  }
  return scores.map((score, i) => score / (weights[Math.floor(i / speakers)] || 1));
}

/**
 * The path of the largest sum of scores [frames, states] less `cost` for each change of state (Viterbi, "Error bounds for convolutional
 * codes and an asymptotically optimum decoding algorithm", 1967, doi:10.1109/TIT.1967.1054010).
 */
export function bestPath(scores: Float32Array, states: number, cost: number): Int32Array {
  const frames = scores.length / states;
  const from = new Int32Array(frames * states);
  let total = new Float64Array(states);
  for (let frame = 0; frame < frames; frame++) {
    const best = total.indexOf(Math.max(...total));
    total = total.map((value, state) => {
      const changes = frame > 0 && total[best] - cost > value;
      from[frame * states + state] = changes ? best : state;
      return (changes ? total[best] - cost : value) + scores[frame * states + state];
    });
  }
  const path = new Int32Array(frames);
  let state = total.indexOf(Math.max(...total));
  for (let frame = frames - 1; frame >= 0; frame--) {
    path[frame] = state;
    state = from[frame * states + state];
  }
  return path;
}
