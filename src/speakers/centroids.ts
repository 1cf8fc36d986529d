import { dot } from '../rows.js';
import { centroidOf } from './directions.js';
import type { Speaker } from './store.js';

/** A speaker, and how near a recording is to the mean direction of their recordings. */
export interface Match {
  speaker: string;
  /** Cosine. */
  score: number;
}

/** Searches the speakers of a store. */
export interface SpeakerSearch {
  speakers: number;
  /** True when all speakers are compared, so that none is missed. */
  exact: boolean;
  /** The `count` nearest, best first; of equal ones the one enrolled earlier. @param unit vector of length one [size] */
  find(unit: Float32Array, count: number): Match[];
}

/** Mean directions of speakers, by name, from the vectors of all their recordings one after the other. */
export function centroidsOf(speakers: readonly Speaker[], vectors: Float32Array, size: number) {
  let at = 0;
  return speakers.map(({ name, utterances }) => {
    const units = vectors.subarray(at, at + utterances.length * size);
    at += units.length;
    return { speaker: name, centroid: centroidOf(name, units, size) };
  });
}

/** The nearest of some centroids, all compared. */
export function nearest(
  centroids: readonly { speaker: string; centroid: Float32Array }[],
  unit: Float32Array,
  count: number,
): Match[] {
  const scores = Float32Array.from(centroids, ({ centroid }) => dot(centroid, unit));
  const best: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (best.length === count && !(scores[i] > scores[best[count - 1]])) continue;
    let place = best.length;
    while (place > 0 && scores[i] > scores[best[place - 1]]) place--;
    best.splice(place, 0, i);
    if (best.length > count) best.pop();
  }
  return best.map((i) => ({ speaker: centroids[i].speaker, score: Math.min(1, Math.max(-1, scores[i])) }));
}
