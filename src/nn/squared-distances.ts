import { type Tensor, tf } from '../engine/tf.js';

/** Squared distances of rows `a` [n, size] to rows `b` [m, size], [n, m]; at least 0. */
export function squaredDistances(a: Tensor, b: Tensor): Tensor {
  // Around their mean: where all rows lie far out on one side, the squares would swallow the differences.
  const mean = tf.mean(b, 0, true);
  const [x, y] = [tf.sub(a, mean), tf.sub(b, mean)];
  const squares = (rows: Tensor) => tf.sum(tf.square(rows), 1, true);
  const sums = tf.add(squares(x), tf.transpose(squares(y)));
  return tf.relu(tf.sub(sums, tf.mul(tf.matMul(x, y, false, true), 2)));
}
