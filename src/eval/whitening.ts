import { UserError } from '../errors.js';
import { principalAxes } from './principal-axes.js';

/** An affine map after which the training vectors have zero mean and (nearly) unit variance along every axis. */
export interface Whitening {
  dimensions: number;
  /** [dimensions] */
  mean: Float64Array;
  /** [dimensions, dimensions] principal axes, each divided by its standard deviation. */
  matrix: Float64Array;
}

/** Variances below this share of their mean are raised to it, so that axes of pure noise are not amplified. */
const VARIANCE_FLOOR = 1e-3;

/**
 * PCA whitening of the rows, with eigenvalues floored at 1e-3 of their mean.
 * @param rows [n, dimensions] row-major
 * @throws UserError for fewer than two rows, a value that is not finite, or rows that are all equal
 */
export function fitWhitening(rows: Float32Array, n: number, dimensions: number): Whitening {
  const { mean, variances, axes } = principalAxes(rows, n, dimensions);
  const total = sum(variances);
  // Rows of float32 that differ by less than rounding are equal.
  if (total <= 1e-14 * sum(mean.map((value) => value * value))) {
    throw new UserError(`All ${n} vectors are equal, so they cannot be whitened.`);
  }
  const floor = (VARIANCE_FLOOR * total) / dimensions;
  const matrix = axes.map((value, i) => value / Math.sqrt(Math.max(floor, variances[Math.floor(i / dimensions)])));
  return { dimensions, mean, matrix };
}

/**
 * Applies a whitening.
 * @param rows [n, dimensions] row-major, one vector or many
 * @returns [n, dimensions]
 */
export function whiten({ dimensions, mean, matrix }: Whitening, rows: Float32Array): Float32Array {
  if (rows.length % dimensions !== 0) throw new Error(`${rows.length} values are not rows of ${dimensions}`);
  const result = new Float32Array(rows.length);
  for (let start = 0; start < rows.length; start += dimensions) {
    for (let axis = 0; axis < dimensions; axis++) {
      let coordinate = 0;
      for (let i = 0; i < dimensions; i++) coordinate += matrix[axis * dimensions + i] * (rows[start + i] - mean[i]);
      result[start + axis] = coordinate;
    }
  }
  return result;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
