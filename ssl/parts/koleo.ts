import { type Tensor, tf, unit, withoutGradient } from '../../src/index.js';

/** Rows nearer than this are copies: no direction leads apart, and they are not pushed. */
const NEAREST = 1e-4;

/**
 * The Kozachenko-Leonenko estimate of entropy as a penalty: the mean over the rows of `x` [rows, size], scaled to unit length, of
 * minus the logarithm of the distance to the nearest other row. Needs two rows.
 *
 * A. Sablayrolles, M. Douze, C. Schmid, H. Jégou, "Spreading Vectors for Similarity Search", ICLR 2019, arXiv:1806.03198.
 */
export function koleo(x: Tensor): Tensor {
  const directions = unit(x, 1);
  const rows = x.shape[0]!;
  const nearest = withoutGradient(() => {
    const similarity = tf.sub(tf.matMul(directions, directions, false, true), tf.mul(tf.eye(rows), 4));
    return tf.oneHot(tf.argMax(similarity, 1), rows) as Tensor;
  });
  const apart = tf.sub(directions, tf.matMul(tf.cast(nearest, 'float32'), directions));
  const squares = tf.maximum(tf.sum(tf.square(apart), 1), NEAREST ** 2);
  return tf.mul(tf.mean(tf.log(squares)), -0.5);
}
