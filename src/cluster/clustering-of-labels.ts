import { UserError } from '../errors.js';
import type { Clustering } from './clustering.js';
import { createClusterSums } from './kmeans/cluster-sums.js';
import { factorOf, type Points, vectorsOf } from './points.js';

/**
 * The clustering that labels make: clusters of fewer than `leastSize` rows become noise (-1), as rows labelled below 0 are; the others
 * are numbered in the order of their first rows. The inertia is that of the remaining rows.
 * @param labels [rows] any whole numbers
 * @throws UserError when no row is left
 */
export function clusteringOfLabels(
  points: Points,
  labels: Int32Array,
  { leastSize = 1, iterations = 1 }: { leastSize?: number; iterations?: number } = {},
): Clustering {
  const sizes = new Map<number, number>();
  for (const label of labels) if (label >= 0) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const numbers = new Map<number, number>();
  for (const label of labels) {
    if (label >= 0 && sizes.get(label)! >= leastSize && !numbers.has(label)) numbers.set(label, numbers.size);
  }
  if (numbers.size === 0) throw allRejected(points.rows, sizes, leastSize);
  const kept = labels.map((label) => numbers.get(label) ?? -1);
  return { labels: kept, clusters: numbers.size, iterations, ...centersAndInertia(points, kept, numbers.size) };
}

/** Centres are the means of the clusters' rows, by cosine of length 1. */
function centersAndInertia(
  points: Points,
  labels: Int32Array,
  clusters: number,
): Pick<Clustering, 'centers' | 'inertia'> {
  const { size, shift } = points;
  const firsts = new Int32Array(clusters).fill(-1);
  let energy = points.energy;
  labels.forEach((label, row) => {
    if (label < 0) energy -= energyOf(points, row);
    else if (firsts[label] < 0) firsts[label] = row;
  });
  const sums = createClusterSums({ ...points, energy }, clusters);
  labels.forEach((label, row) => {
    if (label >= 0) sums.move(row, label);
  });
  // The first row of a cluster is its centre where its rows cancel out.
  const centers = sums.centers(vectorsOf(points, firsts));
  return { inertia: sums.inertia(centers), centers: centers.map((value, i) => value + shift[i % size]) };
}

function energyOf(points: Points, row: number): number {
  const { values, size, shift } = points;
  const factor = factorOf(points, row);
  let sum = 0;
  for (let j = 0, at = row * size; j < size; j++) sum += (values[at++] * factor - shift[j]) ** 2;
  return sum;
}

function allRejected(rows: number, sizes: Map<number, number>, leastSize: number): UserError {
  if (sizes.size === 0) {
    return new UserError(`All ${rows} rows were rejected as noise, so there are no clusters. Reject less.`);
  }
  const largest = [...sizes.values()].reduce((a, b) => Math.max(a, b));
  return new UserError(
    `All ${rows} rows were rejected as noise: clusters need ${leastSize} rows, and the largest of ${sizes.size} has ${largest}. Ask for less, or make more rows neighbours.`,
  );
}
