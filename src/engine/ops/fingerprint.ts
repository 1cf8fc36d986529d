import { tensorflow } from '../backend.js';
import { typeAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * One number [] (int64) of the bits of `x` (float32): their sum as whole numbers, which wraps around and so does not depend on the
 * order of summation. Tensors that differ have the same one by rare chance only. It has no gradient.
 */
export function fingerprint(x: Tensor): Tensor {
  // Two floats at a time, for TensorFlow adds up 64-bit whole numbers on every device.
  const pairs = tensorflow.reshape(evenSized(x), [-1, 2]);
  const [numbers] = raw('Bitcast', [pairs], [typeAttr('type', DT.INT64)]);
  return raw('Sum', [numbers, tensorflow.tensor1d([0], 'int32')])[0];
}

function evenSized(x: Tensor): Tensor {
  const flat = tensorflow.reshape(x, [x.size]);
  return x.size % 2 === 0 ? flat : tensorflow.pad(flat, [[0, 1]]);
}
