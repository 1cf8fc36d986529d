import { tensorflow } from '../backend.js';
import { boolAttr } from '../graph/attributes.js';
import { random } from '../random.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * A random permutation of `count` things, a pure function of seed, step and name: `order` holds the thing at each place and `place`
 * the place of each thing, both int32 [count].
 */
export function randomOrder(count: number, name: string): { order: Tensor; place: Tensor } {
  const descending = (values: Tensor) =>
    raw('TopKV2', [values, tensorflow.scalar(count, 'int32')], [boolAttr('sorted', true)])[1];
  const order = descending(random.uniform([count], name));
  return { order, place: descending(tensorflow.neg(tensorflow.cast(order, 'float32'))) };
}
