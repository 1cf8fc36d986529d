import { type Tensor, tf, unit, type Variable } from '../../index.js';

/**
 * Cosines of `embeddings` [batch, size] to each class, [batch, classes]: to the nearest of its prototypes. Every matrix of
 * `prototypes` [size, classes] holds one of them for each class. Never quite 1 or -1, where angles have no finite gradient.
 */
export function classCosines(embeddings: Tensor, prototypes: readonly Variable[]): Tensor {
  const directions = unit(embeddings, 1);
  // In float32 whatever the session computes in: a scaled bfloat16 cosine would be off by a tenth and more.
  const cosines = prototypes.map((matrix) => tf.matMul(directions, unit(matrix.read(), 0)) as Tensor);
  return tf.clipByValue(
    cosines.reduce((a, b) => tf.maximum(a, b)),
    -1 + 1e-6,
    1 - 1e-6,
  );
}

/** The cosine of each row to its true class, [batch, 1], and that class one-hot, [batch, classes]. */
export function targetClass(cosines: Tensor, labels: Tensor): { cosine: Tensor; target: Tensor } {
  const target = classesOfRows(labels, cosines.shape[1]!);
  return { cosine: tf.sum(tf.mul(cosines, target), 1, true), target };
}

/**
 * The classes `labels` [rows] one-hot, [rows, classes]. (tf.oneHot refuses a single class.) As floating point: whole numbers are compared in the
 * host's memory, for which a GPU would wait.
 */
export function classesOfRows(labels: Tensor, classes: number): Tensor {
  const own = tf.expandDims(tf.cast(labels, 'float32'), 1);
  return tf.cast(tf.equal(own, tf.range(0, classes, 1, 'float32')), 'float32');
}
