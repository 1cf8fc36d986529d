import type { Clustering } from './clustering.js';
import { type Points, vectorsOf } from './points.js';

/** Rows that are looked at. */
const SAMPLE_ROWS = 2000;
/** With fewer rows of the sample in a cluster, on the average, distances to centres stand for those to rows. */
const LEAST_ROWS_PER_CLUSTER = 20;

/** Rows of the sample: all of a small set, else drawn by the generator's seed. */
export function sampleRows(rows: number, rng: { shuffle(items: Int32Array): Int32Array }): Int32Array {
  const order = new Int32Array(rows).map((_, row) => row);
  return rows <= SAMPLE_ROWS ? order : rng.shuffle(order).slice(0, SAMPLE_ROWS).sort();
}

/**
 * Mean silhouette over a sample of rows, by Euclidean distances (of unit vectors by cosine); in [-1, 1]. Exact within the sample
 * (Rousseeuw 1987) where it holds 20 rows a cluster, else the simplified one (Hruschka et al. 2004), whose distances are those to the own
 * and to the nearest other centre.
 */
export function silhouette(
  points: Points,
  found: Pick<Clustering, 'labels' | 'clusters' | 'centers'>,
  sample: Int32Array,
): number {
  if (found.clusters < 2) return 0;
  const rows = sample.filter((row) => found.labels[row] >= 0);
  if (rows.length === 0) return 0;
  const vectors = vectorsOf(points, rows);
  const labels = rows.map((row) => found.labels[row]);
  if (rows.length >= LEAST_ROWS_PER_CLUSTER * found.clusters) return exactSilhouette(vectors, labels, found.clusters);
  return simplifiedSilhouette(points, vectors, labels, found.centers);
}

/** Mean silhouette of vectors [rows, size]; 0 for a row that is alone in its cluster. */
export function exactSilhouette(vectors: Float32Array, labels: Int32Array, clusters: number): number {
  const rows = labels.length;
  const size = vectors.length / rows;
  const counts = new Int32Array(clusters);
  for (const label of labels) counts[label]++;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const sums = new Float64Array(clusters);
    for (let other = 0; other < rows; other++) {
      sums[labels[other]] += distance(vectors, row * size, vectors, other * size, size);
    }
    const own = labels[row];
    if (counts[own] === 1) continue;
    const means = sums.map((sum, cluster) =>
      cluster === own || counts[cluster] === 0 ? Infinity : sum / counts[cluster],
    );
    total += widthOf(sums[own] / (counts[own] - 1), Math.min(...means));
  }
  return total / rows;
}

function simplifiedSilhouette(points: Points, vectors: Float32Array, labels: Int32Array, given: Float32Array): number {
  const { size, shift } = points;
  const centers = given.map((value, i) => value - shift[i % size]);
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    let [own, other] = [0, Number.POSITIVE_INFINITY];
    for (let at = 0, cluster = 0; at < centers.length; at += size, cluster++) {
      const now = distance(vectors, row * size, centers, at, size);
      if (cluster === labels[row]) own = now;
      else other = Math.min(other, now);
    }
    total += widthOf(own, other);
  }
  return total / labels.length;
}

/** (b - a) / max(a, b); 0 where there is nothing to compare. */
function widthOf(own: number, other: number): number {
  const most = Math.max(own, other);
  return most === 0 || !Number.isFinite(most) ? 0 : (other - own) / most;
}

function distance(a: Float32Array, fromA: number, b: Float32Array, fromB: number, size: number): number {
  let sum = 0;
  for (let j = 0; j < size; j++) sum += (a[fromA + j] - b[fromB + j]) ** 2;
  return Math.sqrt(sum);
}
