import { tensorflow } from '../backend.js';
import type { Tensor } from '../tf.js';

/**
 * 1 for each row of `scores` [rows, classes] whose largest value is that of its class in `labels` [rows], else 0: [rows] float32. Compared as
 * floating point, exact below 2^24 classes: TensorFlow compares whole numbers in the host's memory, for which a GPU would wait.
 */
export function hits(scores: Tensor, labels: Tensor): Tensor {
  const named = tensorflow.cast(tensorflow.argMax(scores, 1), 'float32');
  return tensorflow.cast(tensorflow.equal(named, tensorflow.cast(labels, 'float32')), 'float32');
}
