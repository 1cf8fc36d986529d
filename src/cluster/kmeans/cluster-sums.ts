import { norm } from '../../rows.js';
import { factorOf, type Points } from '../points.js';

/** A partition of the points, with the sum of each cluster's vectors kept up to date in float64. */
export interface ClusterSums {
  /** [rows]; -1 before the first assignment. */
  labels: Int32Array;
  /** [clusters] */
  counts: Int32Array;
  /** Moves a row into a cluster. */
  move(row: number, to: number): void;
  /** float32 [clusters, size]: the mean of each cluster (by cosine of length 1); a cluster without one keeps `previous`. */
  centers(previous: Float32Array): Float32Array;
  /** float32 [clusters, size]: the mean of each cluster's vectors, by cosine shorter than 1; zeros for a cluster without one. */
  means(): Float32Array;
  /** Sum of squared distances of the vectors to the centres of their clusters. */
  inertia(centers: Float32Array): number;
}

/**
 * Only rows that change their cluster are added and subtracted, so the later iterations of k-means hardly cost anything here.
 * In float64 the sums stay exact to about 1e-13 over any number of moves.
 */
export function createClusterSums(points: Points, clusters: number): ClusterSums {
  const { values, rows, size, shift, energy } = points;
  const labels = new Int32Array(rows).fill(-1);
  const counts = new Int32Array(clusters);
  const sums = new Float64Array(clusters * size);

  function add(row: number, cluster: number, sign: 1 | -1): void {
    const factor = sign * factorOf(points, row);
    let [from, to] = [row * size, cluster * size];
    for (let j = 0; j < size; j++) sums[to++] += values[from++] * factor - sign * shift[j];
    counts[cluster] += sign;
  }

  return {
    labels,
    counts,
    move(row, to) {
      if (labels[row] >= 0) add(row, labels[row], -1);
      add(row, to, 1);
      labels[row] = to;
    },
    centers(previous) {
      const centers = previous.slice();
      for (let cluster = 0; cluster < clusters; cluster++) {
        const sum = sums.subarray(cluster * size, (cluster + 1) * size);
        const divisor = points.metric === 'cosine' ? norm(sum) : counts[cluster];
        // Opposite unit vectors may cancel out: then every direction is as good.
        if (counts[cluster] === 0 || divisor < 1e-9 * counts[cluster]) continue;
        for (let j = 0; j < size; j++) centers[cluster * size + j] = sum[j] / divisor;
      }
      return centers;
    },
    means: () => Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[Math.floor(i / size)])),
    inertia(centers) {
      // sum |y - c|^2 = sum |y|^2 - 2 sum s c + sum n |c|^2, with s the sum and n the size of a cluster.
      let total = energy;
      for (let cluster = 0, at = 0; cluster < clusters; cluster++) {
        for (let j = 0; j < size; j++, at++) total += centers[at] * (counts[cluster] * centers[at] - 2 * sums[at]);
      }
      return Math.max(0, total);
    },
  };
}

/** The sums of a whole partition, labels [rows] from 0. */
export function sumClusters(points: Points, labels: Int32Array, clusters: number): ClusterSums {
  const sums = createClusterSums(points, clusters);
  labels.forEach((label, row) => void sums.move(row, label));
  return sums;
}
