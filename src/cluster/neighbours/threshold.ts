import { crossingOf, fitTwoGaussians } from '../gaussian-pair.js';
import type { Neighbours } from './neighbours.js';

/** Share of the rows that may lose their nearest neighbour to the threshold. */
const MOST_ALONE = 0.05;
/** Cosines that differ by less count as equal. */
const LEAST_RANGE = 1e-6;

/**
 * The least cosine of neighbours of the same kind, from the distribution of the neighbours' cosines alone: where the weighted densities
 * of two Gaussians fitted to them cross, but so low that at least 95 % of the rows keep their nearest neighbour. -1, which keeps all,
 * where the densities do not cross or all cosines are equal.
 */
export function neighbourThreshold({ rows, count, similarities }: Neighbours): number {
  const found = similarities.filter((similarity) => similarity >= -2);
  const sorted = found.slice().sort();
  if (found.length < 2 || sorted[sorted.length - 1] - sorted[0] < LEAST_RANGE) return -1;
  const { low, high } = fitTwoGaussians(found);
  const nearest = new Float32Array(rows).map((_, row) => similarities[row * count]).sort();
  return Math.min(crossingOf(low, high) ?? -1, nearest[Math.floor(MOST_ALONE * rows)]);
}
