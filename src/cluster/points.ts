import type { Exchange } from '../engine/session/exchange.js';
import { UserError } from '../errors.js';

export type Metric = 'cosine' | 'l2';

/**
 * Rows to cluster, not copied, and what turns a row x into the vector y = factor x - shift that is clustered: by
 * cosine the unit vector; by l2 the deviation from the mean, which keeps float32 products exact for data far from the origin.
 */
export interface Points {
  /** [rows, size] row-major. */
  values: Float32Array;
  rows: number;
  size: number;
  metric: Metric;
  /** [rows] 1 / length; empty by l2, where the factor is 1. */
  factors: Float64Array;
  /** [size]; zeros by cosine. */
  shift: Float64Array;
  /** Sum of |y|^2 over all rows. */
  energy: number;
  /** Processes that hold the same points and share the blocks of rows that are compared with centres. Default: this one does all. */
  exchange?: Exchange;
}

/** True for the blocks of rows that this process compares: every so many-th one, and the same blocks for any number of processes. */
export const isOwnBlock = ({ exchange }: Points, block: number): boolean =>
  exchange === undefined || block % exchange.count === exchange.rank;

/** Values of all rows, of which each process knows those of its own blocks. */
export async function ofAllProcesses<A extends Float32Array | Int32Array>(
  values: A,
  points: Points,
  blockRows: number,
): Promise<A> {
  if (!points.exchange) return values;
  const own = values.slice() as A;
  for (let block = 0; block * blockRows < points.rows; block++) {
    if (!isOwnBlock(points, block)) own.fill(0, block * blockRows, (block + 1) * blockRows);
  }
  return points.exchange.sum(own);
}

/** Makes one or two passes over the rows. Throws a UserError for rows that are not finite and, by cosine, for rows of zeros. */
export function preparePoints(values: Float32Array, rows: number, size: number, metric: Metric): Points {
  if (values.length !== rows * size) throw new Error(`${values.length} values are not ${rows} rows of ${size}`);
  if (rows === 0 || size === 0) throw new UserError(`There is nothing to cluster: ${rows} rows of ${size} numbers.`);
  const energies = rowEnergies(values, rows, size);
  refuse(energies, (energy) => !Number.isFinite(energy), 'NaN or infinite numbers');
  const base = { values, rows, size, metric };
  if (metric === 'l2') {
    const shift = columnMeans(values, rows, size);
    return { ...base, shift, factors: new Float64Array(0), energy: energyAbout(values, rows, shift) };
  }
  refuse(energies, (energy) => energy === 0, 'only zeros, which have no direction for the cosine metric');
  return {
    ...base,
    shift: new Float64Array(size),
    factors: energies.map((energy) => 1 / Math.sqrt(energy)),
    energy: rows,
  };
}

/** Writes the vectors y of the given rows one after the other, float32 [indices, size]. */
export function vectorsOf(points: Points, indices: Int32Array): Float32Array {
  const { values, size, shift } = points;
  const vectors = new Float32Array(indices.length * size);
  indices.forEach((row, i) => {
    const factor = factorOf(points, row);
    for (let j = 0; j < size; j++) vectors[i * size + j] = values[row * size + j] * factor - shift[j];
  });
  return vectors;
}

/** The factor of one row. */
export const factorOf = ({ metric, factors }: Points, row: number): number => (metric === 'cosine' ? factors[row] : 1);

/** Centres [clusters, size] moved by the points' shift, away from (-1) or back to (1) where the rows are. */
export const shifted = (centers: Float32Array, { shift, size }: Points, sign: 1 | -1): Float32Array =>
  centers.map((value, i) => value + sign * shift[i % size]);

function rowEnergies(values: Float32Array, rows: number, size: number): Float64Array {
  const energies = new Float64Array(rows);
  for (let row = 0, at = 0; row < rows; row++) {
    let sum = 0;
    for (const end = at + size; at < end; at++) sum += values[at] * values[at];
    energies[row] = sum;
  }
  return energies;
}

function columnMeans(values: Float32Array, rows: number, size: number): Float64Array {
  const sums = new Float64Array(size);
  for (let row = 0, at = 0; row < rows; row++) for (let j = 0; j < size; j++) sums[j] += values[at++];
  return sums.map((sum) => sum / rows);
}

function energyAbout(values: Float32Array, rows: number, center: Float64Array): number {
  let sum = 0;
  for (let row = 0, at = 0; row < rows; row++) {
    for (let j = 0; j < center.length; j++) sum += (values[at++] - center[j]) ** 2;
  }
  return sum;
}

function refuse(energies: Float64Array, bad: (energy: number) => boolean, what: string): void {
  const first = energies.findIndex(bad);
  if (first < 0) return;
  const count = energies.reduce((sum, energy) => sum + (bad(energy) ? 1 : 0), 0);
  throw new UserError(
    `${count} of ${energies.length} rows to cluster hold ${what}; the first is row ${first} (counted from 0). Leave such rows out.`,
  );
}
