import { type Tensor, tf, unit, type Variable } from '../../index.js';

/**
 * Cosines of `embeddings` [batch, size] to each class, [batch, classes]: to the nearest of its prototypes, of which each of
 * `prototypes` [size, classes] holds one a class. Never quite 1 or -1, where angles have no finite gradient.
 */
export function classCosines(embeddings: Tensor, prototypes: readonly Variable[]): Tensor {
  const directions = unit(embeddings, 1);
  // In float32 whatever the session computes in: a scaled bfloat16 cosine would be off by a tenth and more.
  const cosines = prototypes.map((each) => tf.matMul(directions, unit(each.read(), 0)) as Tensor);
  return tf.clipByValue(
    cosines.reduce((a, b) => tf.maximum(a, b)),
    -1 + 1e-6,
    1 - 1e-6,
  );
}

/** What stands in each row's own class, [batch, 1], and where that is, [batch, classes] of 0 and 1. */
export function ownClass(values: Tensor, labels: Tensor): { own: Tensor; target: Tensor } {
  // tf.oneHot refuses a single class.
  const classes = tf.range(0, values.shape[1]!, 1, 'int32');
  const target = tf.cast(tf.equal(tf.expandDims(labels, 1), classes), 'float32') as Tensor;
  return { own: tf.sum(tf.mul(values, target), 1, true), target };
}
