import { type Clustering, indicesUpTo, type Points, squaredRowDistance, vectorsOf } from '../../src/index.js';

/** The most rows of the sample. */
export const SAMPLE_ROWS = 2000;
/** With fewer rows of the sample in a cluster, on the average, distances to centres stand for those to rows. */
const LEAST_ROWS_PER_CLUSTER = 20;

/**
 * Whether silhouettes of up to so many clusters can be exact: where the sample is all rows, or holds 20 a cluster. The simplified ones are
 * larger, so that all clusterings that are compared must be measured in one way.
 */
export const isExactFor = (sample: Int32Array, rows: number, mostClusters: number): boolean =>
  sample.length === rows || sample.length >= LEAST_ROWS_PER_CLUSTER * mostClusters;

/** Rows of the sample: all of a small set, else drawn by the generator's seed. */
export function sampleRows(rows: number, rng: { shuffle(items: Int32Array): Int32Array }): Int32Array {
  const order = indicesUpTo(rows);
  return rows <= SAMPLE_ROWS ? order : rng.shuffle(order).slice(0, SAMPLE_ROWS).sort();
}

/**
 * Mean silhouette over a sample of rows, by Euclidean distances (of unit vectors by cosine); in [-1, 1]. Exact within the sample
 * (Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", 1987,
 * doi:10.1016/0377-0427(87)90125-7), or the simplified one (Hruschka, de Castro and Campello,
 * "Evolutionary algorithms for clustering gene-expression data", ICDM 2004), whose distances are those to the row's own and to the nearest
 * other centre.
 */
export function silhouette(
  points: Points,
  { labels, clusters, centers }: Pick<Clustering, 'labels' | 'clusters' | 'centers'>,
  { sample, isExact }: { sample: Int32Array; isExact: boolean },
): number {
  if (clusters < 2) return 0;
  const rows = sample.filter((row) => labels[row] >= 0);
  if (rows.length === 0) return 0;
  const vectors = vectorsOf(points, rows);
  const rowLabels = rows.map((row) => labels[row]);
  if (isExact) return exactSilhouette(vectors, rowLabels, clusters);
  return simplifiedSilhouette(points, vectors, rowLabels, centers);
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
      sums[labels[other]] += Math.sqrt(squaredRowDistance(vectors, row, vectors, other, size));
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

function simplifiedSilhouette(
  points: Points,
  vectors: Float32Array,
  labels: Int32Array,
  centers: Float32Array,
): number {
  const { size, shift } = points;
  const shiftedCenters = centers.map((value, i) => value - shift[i % size]);
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    let [own, other] = [0, Number.POSITIVE_INFINITY];
    for (let cluster = 0; cluster < centers.length / size; cluster++) {
      const distance = Math.sqrt(squaredRowDistance(vectors, row, shiftedCenters, cluster, size));
      if (cluster === labels[row]) own = distance;
      else other = Math.min(other, distance);
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
