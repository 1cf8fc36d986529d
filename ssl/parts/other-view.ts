import { spread, type Tensor, tf, unit, wholeBatchRows } from '../../src/index.js';

/** The mean cosine of each row of `predictions` to the other view's row of `targets`; both [2 batch, size], crop-major. */
export function cosineToOther(predictions: Tensor, targets: Tensor): Tensor {
  const [first, second] = tf.split(unit(targets, 1), 2, 0);
  return tf.mean(tf.sum(tf.mul(unit(predictions, 1), tf.concat([second, first], 0)), 1));
}

/**
 * How far projections [rows, size] spread over the sphere: about 1 where they fill it, 0 where all point one way, which is how
 * a method without negatives collapses (section 4.1 of SimSiam's paper, see simsiam.ts).
 */
export const relativeSpread = (projections: Tensor): Tensor =>
  tf.mul(spread(wholeBatchRows(unit(projections, 1))), Math.sqrt(projections.shape[1]!));
