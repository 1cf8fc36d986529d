import { tensorflow } from '../backend.js';
import { stringAttr } from '../graph/attributes.js';
import { hostTypeOf } from '../graph/data-types.js';
import { cast, dataTypeOfTensor, raw, toFloat32 } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * Adds `bias` [channels] to the last axis of `x`, in the type of `x`; differentiable in both. TensorFlow makes one operation of a
 * convolution, this and a rectifier, as it does not of a general addition.
 */
export function biasAdd(x: Tensor, bias: Tensor): Tensor {
  const others = x.shape.slice(0, -1).map((_, axis) => axis);
  return tensorflow.customGrad((...args) => {
    const [map, offset] = args as Tensor[];
    const inputs = [map, cast(offset, hostTypeOf(dataTypeOfTensor(map)))];
    return {
      value: raw('BiasAdd', inputs, [stringAttr('data_format', 'NHWC')])[0],
      gradFunc: (dy: Tensor) => [dy, tensorflow.sum(toFloat32(dy), others)],
    };
  })(x, bias);
}
