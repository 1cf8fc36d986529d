import { indicesUpTo } from '../rows.js';
import type { Clustering } from './clustering.js';
import { clusteringOfLabels } from './clustering-of-labels.js';
import type { Neighbours } from './neighbours/neighbours.js';
import { factorOf, type Points } from './points.js';

/** Shares of the rows in clusters that are rejected as noise. */
export interface NoiseRule {
  /** This share of the rows, those farthest from the centre of their cluster. */
  farthest: number;
  /** This share of the rows, those with the least mean cosine to their neighbours. */
  sparsest: number;
}

/**
 * Takes rows out of a clustering (label -1): those that fall under one of the rules. Rows that are equally far are rejected or kept
 * together, so that a share is an upper bound. Clusters that lose all rows disappear; centres and inertia are those of the remaining rows.
 * @param neighbours of every row; needed for `sparsest` above 0
 * @throws UserError when no row is left
 */
export function rejectNoise(
  points: Points,
  clustering: Clustering,
  rule: NoiseRule,
  neighbours?: Neighbours,
): Clustering {
  if (rule.sparsest > 0 && neighbours === undefined)
    throw new Error('the sparsest rows cannot be told without neighbours');
  const { labels, iterations } = clustering;
  const members = indicesUpTo(labels.length).filter((row) => labels[row] >= 0);
  const rejected = new Set([
    ...outermost(members, rule.farthest, (row) => distanceToCenter(points, row, clustering)),
    ...outermost(members, rule.sparsest, (row) => sparsity(neighbours!, row)),
  ]);
  if (rejected.size === 0) return clustering;
  const kept = labels.map((label, row) => (rejected.has(row) ? -1 : label));
  return clusteringOfLabels(points, kept, { iterations });
}

/** The rows whose number is above that of the row at the share's border. */
function outermost(rows: Int32Array, share: number, numberOf: (row: number) => number): Int32Array {
  const most = Math.floor(share * rows.length);
  if (most === 0) return new Int32Array(0);
  const numbers = Float64Array.from(rows, numberOf);
  if (most === rows.length) return rows;
  const border = numbers.slice().sort()[rows.length - 1 - most];
  return rows.filter((_, i) => numbers[i] > border);
}

function distanceToCenter(points: Points, row: number, { labels, centers }: Clustering): number {
  const { values, size } = points;
  const factor = factorOf(points, row);
  let sum = 0;
  for (let j = 0, from = row * size, to = labels[row] * size; j < size; j++) {
    sum += (values[from++] * factor - centers[to++]) ** 2;
  }
  return sum;
}

/** 1 - the mean cosine to the neighbours; the most that can be for a row without. */
function sparsity({ indices, similarities, count }: Neighbours, row: number): number {
  let [sum, counted] = [0, 0];
  for (let at = row * count; at < (row + 1) * count; at++) {
    if (indices[at] < 0) continue;
    sum += similarities[at];
    counted++;
  }
  return counted === 0 ? 2 : 1 - sum / counted;
}
