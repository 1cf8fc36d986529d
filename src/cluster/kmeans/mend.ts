import { UserError } from '../../errors.js';
import type { Rng } from '../../random.js';
import { type Points, vectorsOf } from '../points.js';
import type { ClusterSums } from './cluster-sums.js';
import { drawWeighted } from './draw-weighted.js';

/** Squared distances below this share of the vectors' own squares are rounding. */
const ROUNDING = 1e-12;

/** Points drawn as candidates, and additional ones for each empty cluster. */
const CANDIDATES = 256;
const CANDIDATES_PER_CLUSTER = 4;

/**
 * Gives empty clusters a point each, taken from clusters with others in them, which never raises the inertia. Candidates are drawn
 * with probability proportional to the squared distance to their centre; each empty cluster takes the one that is farthest from
 * its centre and from the points given before.
 * @param centers [clusters, size] means of the clusters as they are
 * @returns how many clusters were mended
 * @throws UserError when every point lies on its centre: then there are fewer different points than clusters
 */
export function mendEmptyClusters(points: Points, sums: ClusterSums, centers: Float32Array, rng: Rng): number {
  const { labels, counts } = sums;
  const empty = [...counts.keys()].filter((cluster) => counts[cluster] === 0);
  if (empty.length === 0) return 0;
  const spread = distancesToCenters(points, labels, centers);
  if (spread.every((distance) => distance === 0)) throw tooFewPoints(points, counts.length, empty.length);
  const drawn = drawWeighted(spread, CANDIDATES + CANDIDATES_PER_CLUSTER * empty.length, rng);
  const candidates = Int32Array.from(new Set(drawn));
  const vectors = vectorsOf(points, candidates);
  const distances = Float64Array.from(candidates, (row) => spread[row]);
  const { size } = points;
  const vectorOf = (i: number) => vectors.subarray(i * size, (i + 1) * size);

  let mended = 0;
  for (const cluster of empty) {
    candidates.forEach((row, i) => {
      if (counts[labels[row]] === 1) distances[i] = 0;
    });
    const farthest = distances.reduce((best, distance, i) => (distance > distances[best] ? i : best), 0);
    if (distances[farthest] === 0) break;
    sums.move(candidates[farthest], cluster);
    mended++;
    const taken = vectorOf(farthest);
    distances.forEach((distance, i) => {
      distances[i] = Math.min(distance, roundedDistance(vectorOf(i), taken));
    });
  }
  return mended;
}

/** float64 [rows] squared distance of each vector to the centre of its cluster. */
function distancesToCenters(points: Points, labels: Int32Array, centers: Float32Array): Float64Array {
  const { rows, size } = points;
  const row = new Int32Array(1);
  return new Float64Array(rows).map((_, i) => {
    row[0] = i;
    return roundedDistance(vectorsOf(points, row), centers.subarray(labels[i] * size, (labels[i] + 1) * size));
  });
}

/** The squared distance; 0 where it is no more than rounding. */
function roundedDistance(a: Float32Array, b: Float32Array): number {
  let [distance, scale] = [0, 0];
  for (let j = 0; j < a.length; j++) {
    distance += (a[j] - b[j]) ** 2;
    scale += a[j] * a[j] + b[j] * b[j];
  }
  return distance > ROUNDING * scale ? distance : 0;
}

function tooFewPoints({ rows, metric }: Points, clusters: number, empty: number): UserError {
  const different = clusters - empty;
  const places = metric === 'cosine' ? 'directions' : 'places';
  const spread = different === 1 ? 'are all equal' : `lie in only ${different} different ${places}`;
  return new UserError(
    `The ${rows} rows to cluster ${spread}: there are no ${clusters} clusters in them. Ask for at most ${different}.`,
  );
}
