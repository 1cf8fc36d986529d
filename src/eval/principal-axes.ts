import { UserError } from '../errors.js';
import { addOuter, mirrorLower } from './backend/matrix.js';
import { symmetricEigen } from './backend/symmetric-eigen.js';

/** The principal axes of a cloud of points, by descending variance. */
export interface PrincipalAxes {
  /** [dimensions] */
  mean: Float64Array;
  /** [dimensions] variances along the axes (divided by n - 1), never negative. */
  variances: Float64Array;
  /** [dimensions, dimensions] one unit axis a row; the largest component of each is positive, so signs are reproducible. */
  axes: Float64Array;
}

/**
 * Principal axes from the covariance of the rows.
 * @param rows [n, dimensions] row-major
 * @throws UserError for fewer than two rows or a value that is not finite (with its row)
 */
export function principalAxes(rows: Float32Array, n: number, dimensions: number): PrincipalAxes {
  if (rows.length !== n * dimensions) throw new Error(`${rows.length} values are not ${n} rows of ${dimensions}`);
  if (n < 2)
    throw new UserError(`Principal axes need at least two vectors, and there ${n === 1 ? 'is one' : 'is none'}.`);
  const broken = rows.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) throw new UserError(`Vector ${Math.floor(broken / dimensions)} (counted from 0) is not finite.`);

  const mean = columnMeans(rows, n, dimensions);
  const { values, vectors } = symmetricEigen(covarianceOf(rows, mean, n), dimensions);
  // Rounding leaves tiny negative values where the variance is zero.
  return { mean, axes: vectors, variances: values.map((value) => Math.max(0, value)) };
}

function columnMeans(rows: Float32Array, n: number, dimensions: number): Float64Array {
  const mean = new Float64Array(dimensions);
  for (let i = 0; i < rows.length; i++) mean[i % dimensions] += rows[i];
  return mean.map((sum) => sum / n);
}

/** [dimensions, dimensions], divided by n - 1. */
function covarianceOf(rows: Float32Array, mean: Float64Array, n: number): Float64Array {
  const dimensions = mean.length;
  const covariance = new Float64Array(dimensions * dimensions);
  for (let row = 0; row < n; row++) {
    addOuter(
      covariance,
      mean.map((value, i) => rows[row * dimensions + i] - value),
      1 / (n - 1),
    );
  }
  return mirrorLower(covariance, dimensions);
}
