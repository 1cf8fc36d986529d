import { type Tensor, tf } from '../engine/tf.js';

/** Scales to length 1 along `axis`; a zero vector stays (nearly) zero, with a finite gradient. */
export const unit = (x: Tensor, axis: number): Tensor =>
  tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), axis, true), 1e-12)));

/** Mean over dimensions of the standard deviation over rows of `x` [rows, size]; 0 when all rows are equal. */
export const spread = (x: Tensor): Tensor => tf.mean(tf.sqrt(tf.mean(tf.square(tf.sub(x, tf.mean(x, 0, true))), 0)));

/** Entropy in nats of distributions `p` [rows, classes], averaged over the rows; 0 log 0 is 0. */
export const meanEntropy = (p: Tensor): Tensor => tf.neg(tf.mean(tf.sum(tf.mul(p, tf.log(tf.add(p, 1e-20))), 1)));

/** Squared distances of rows `a` [n, size] to rows `b` [m, size], [n, m]; at least 0. */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  // Around their mean: where all rows lie far out on one side, the squares would swallow the differences.
  const mean = tf.mean(b, 0, true);
  const [x, y] = [tf.sub(a, mean), tf.sub(b, mean)];
  const squares = (rows: Tensor) => tf.sum(tf.square(rows), 1, true);
  const sums = tf.add(squares(x), tf.transpose(squares(y)));
  return tf.relu(tf.sub(sums, tf.mul(tf.matMul(x, y, false, true), 2)));
}

/**
 * Number of dimensions that the rows of `x` [rows, size] fill: (sum of l)^2 / sum of l^2 over the eigenvalues l of their covariance
 * (the participation ratio). Between 1, all on a line, and min(rows - 1, size); 0 when all rows are equal. Both sums are traces, so
 * that nothing has to be decomposed.
 */
export function effectiveRank(x: Tensor): Tensor {
  const centered = tf.sub(x, tf.mean(x, 0, true));
  const [rows, size] = x.shape;
  // The smaller of the two products has the same eigenvalues.
  const products = tf.matMul(centered, centered, rows > size, rows <= size);
  const trace = tf.sum(tf.square(centered));
  return tf.div(tf.square(trace), tf.add(tf.sum(tf.square(products)), 1e-20));
}
