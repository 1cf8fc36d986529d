import { boolAttr } from '../graph/attributes.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/** Lower triangular factors L with L L^T = x, of symmetric positive definite matrices [..., n, n]. It has no gradient. */
export const cholesky = (x: Tensor): Tensor => raw('Cholesky', [x])[0];

/**
 * Solves L y = b for lower triangular matrices L [..., n, n], or L^T y = b where `transposed`; b [..., n, columns]. It has no gradient.
 */
export const triangularSolve = (lower: Tensor, b: Tensor, transposed = false): Tensor =>
  raw('MatrixTriangularSolve', [lower, b], [boolAttr('lower', true), boolAttr('adjoint', transposed)])[0];

/** Solves x y = b from the factor of `cholesky(x)`. It has no gradient. */
export const choleskySolve = (factor: Tensor, b: Tensor): Tensor =>
  triangularSolve(factor, triangularSolve(factor, b), true);
