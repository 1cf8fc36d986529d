import { type Tensor, tf } from '../engine/tf.js';

/**
 * How many dimensions the rows of `x` [rows, size] fill: (sum of l)^2 / sum of l^2 over the eigenvalues l of their covariance (the
 * participation ratio). Between 1, all on a line, and min(rows - 1, size); 0 when all rows are equal. Both sums are traces,
 * so that nothing has to be decomposed.
 */
export function effectiveRank(x: Tensor): Tensor {
  const centered = tf.sub(x, tf.mean(x, 0, true));
  const [rows, size] = x.shape;
  // The smaller of the two products has the same eigenvalues.
  const products = tf.matMul(centered, centered, rows > size, rows <= size);
  const trace = tf.sum(tf.square(centered));
  return tf.div(tf.square(trace), tf.add(tf.sum(tf.square(products)), 1e-20));
}
