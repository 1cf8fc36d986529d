import { tensorflow } from '../backend.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * For each number of `x` the place (int32, in x's shape) of the nearest of values whose rising `edges` [values - 1] lie halfway between them;
 * on an edge the lower one. Without a gradient.
 */
export function placesBetween(edges: Tensor, x: Tensor): Tensor {
  const row = (tensor: Tensor) => tensorflow.reshape(tensor, [1, tensor.size]);
  const [places] = raw('LowerBound', [row(edges), row(x)]);
  return tensorflow.reshape(places, x.shape);
}
