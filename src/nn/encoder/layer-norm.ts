import { type Tensor, tf } from '../../engine/tf.js';
import type { Scope } from '../scope.js';

/**
 * Layer normalisation over the last axis (J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer Normalization", 2016, arXiv:1607.06450), with learned
 * scale and offset.
 */
export function layerNormLayer(scope: Scope, size: number, epsilon = 1e-5): (x: Tensor) => Tensor {
  const scale = scope.param('scale', [size], 1);
  const offset = scope.param('offset', [size], 0);
  return (x) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    return tf.add(tf.mul(tf.div(centred, tf.sqrt(tf.add(variance, epsilon))), scale.read()), offset.read());
  };
}
