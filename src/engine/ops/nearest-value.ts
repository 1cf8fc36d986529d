import { tensorflow } from '../backend.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { currentTrace } from '../trace.js';

/**
 * For each number of `x` the place (int32, in x's shape) of the nearest of values whose rising `edges` [values - 1] lie halfway between them;
 * on an edge the lower one. Without a gradient.
 */
export function placesBetween(edges: Tensor, x: Tensor): Tensor {
  const row = (tensor: Tensor) => tensorflow.reshape(tensor, [1, tensor.size]);
  const [places] = raw('LowerBound', [row(edges), row(x)]);
  if (!currentTrace().onGpu) return tensorflow.reshape(places, x.shape);
  // A GPU would wait for the host, in whose memory whole numbers are reshaped.
  return tensorflow.cast(tensorflow.reshape(tensorflow.cast(places, 'float32'), x.shape), 'int32');
}
