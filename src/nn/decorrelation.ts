import { relu } from '../engine/ops/activations.js';
import { type Tensor, tf } from '../engine/tf.js';

/**
 * The variance term of VICReg (Bardes, Ponce, LeCun, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised
 * Learning", 2022, arXiv:2105.04906, eq. 1-2): the mean over the dimensions of `x` [rows, size] of the amount by which the standard
 * deviation over the rows, sqrt(var + 1e-4) with the unbiased variance, falls short of `target`. Needs two rows.
 */
export function spreadShortfall(x: Tensor, target = 1): Tensor {
  const variance = tf.div(tf.sum(tf.square(centred(x)), 0), x.shape[0]! - 1);
  return tf.mean(relu(tf.sub(target, tf.sqrt(tf.add(variance, 1e-4)))));
}

/**
 * VICReg's covariance term (eq. 3-4): the squared covariances of different dimensions of `x` [rows, size], summed and divided by
 * the size. Needs two rows.
 */
export function covariancePenalty(x: Tensor): Tensor {
  const [rows, size] = x.shape;
  const rests = centred(x);
  if (size < 2 * rows) {
    const covariance = tf.div(tf.matMul(rests, rests, true), rows - 1);
    return tf.div(tf.sum(tf.square(offDiagonal(covariance))), size);
  }
  // The rows' products have the same sum of squares as the dimensions', of which there may be 8192 by 8192. What is taken off, the
  // squared variances, is less than half of it where they are alike: at most rows - 1 of the eigenvalues are not zero.
  const products = tf.sum(tf.square(tf.matMul(rests, rests, false, true)));
  const variances = tf.sum(tf.square(tf.sum(tf.square(rests), 0)));
  return tf.div(tf.sub(products, variances), size * (rows - 1) ** 2);
}

/**
 * The correlations over rows of each dimension of `a` with each of `b`, both [rows, size]: [size, size]. A dimension that does not
 * vary correlates with nothing; 1e-5 is added to the variances, as batch normalisation does.
 */
export const crossCorrelation = (a: Tensor, b: Tensor): Tensor =>
  tf.div(tf.matMul(standardised(a), standardised(b), true), a.shape[0]!);

/** A square matrix with zeros on its diagonal. */
export const offDiagonal = (x: Tensor): Tensor => tf.mul(x, tf.sub(1, tf.eye(x.shape[0]!)));

const centred = (x: Tensor): Tensor => tf.sub(x, tf.mean(x, 0, true));

function standardised(x: Tensor): Tensor {
  const rests = centred(x);
  return tf.div(rests, tf.sqrt(tf.add(tf.mean(tf.square(rests), 0, true), 1e-5)));
}
