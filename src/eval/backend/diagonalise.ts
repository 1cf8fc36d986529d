import { UserError } from '../../errors.js';
import { addOuter, congruence, mirrorLower, multiply } from './matrix.js';
import { symmetricEigen } from './symmetric-eigen.js';

/** Variances below this share of their mean are raised to it: an axis without variance cannot be divided by it. */
const VARIANCE_FLOOR = 1e-6;

/** A basis in which one covariance is the unit matrix and another is diagonal. */
export interface Diagonalisation {
  /** [size, size] A with A first A^T = I and A second A^T = diag(ratios). */
  transform: Float64Array;
  /** [size] generalised eigenvalues of (second, first), largest first. */
  ratios: Float64Array;
}

/**
 * Simultaneous diagonalisation of two covariances (Fukunaga, "Introduction to Statistical Pattern Recognition", 1990, section 2.3): whitens
 * the first, then turns to the principal axes of the second. Variances of the first below 1e-6 of their mean are raised to that, so a
 * singular one is no error.
 * @param first [size, size] symmetric, not negative
 * @param second [size, size] symmetric
 * @throws UserError when the first is zero
 */
export function diagonalise(first: Float64Array, second: Float64Array, size: number): Diagonalisation {
  const { values, vectors } = symmetricEigen(first, size);
  const floor = floorOf(values);
  const whitening = vectors.map((value, i) => value / Math.sqrt(Math.max(floor, values[Math.floor(i / size)])));
  const turned = symmetricEigen(congruence(whitening, second, size), size);
  return { transform: multiply(turned.vectors, whitening, size), ratios: turned.values };
}

/** A covariance whose variances along its axes are raised to the floor; unchanged where none is below. @throws as diagonalise */
export function raiseVariances(covariance: Float64Array, size: number): Float64Array {
  const { values, vectors } = symmetricEigen(covariance, size);
  const floor = floorOf(values);
  if (values[size - 1] >= floor) return covariance;
  const raised = new Float64Array(size * size);
  for (const [axis, value] of values.entries()) {
    addOuter(raised, vectors.subarray(axis * size, (axis + 1) * size), Math.max(floor, value));
  }
  return mirrorLower(raised, size);
}

function floorOf(variances: Float64Array): number {
  const floor = (VARIANCE_FLOOR * variances.reduce((sum, value) => sum + Math.max(0, value), 0)) / variances.length;
  if (floor > 0) return floor;
  throw new UserError(
    'The vectors of each speaker are all equal, or every speaker has one only, so there is no variance to divide by.',
  );
}
