import { type Tensor, tf } from '../../engine/tf.js';
import { denseLayer } from '../dense.js';
import type { Initializer, Scope } from '../scope.js';

/** A fully connected layer of every frame, [batch, time, inputs] -> [batch, time, outputs]. */
export function frameDense(
  scope: Scope,
  options: { inputs: number; outputs: number; bias?: boolean; initial?: Initializer },
): (x: Tensor) => Tensor {
  const dense = denseLayer(scope, options);
  return (x) => {
    const [batch, time] = x.shape as [number, number];
    return tf.reshape(dense(tf.reshape(x, [batch * time, options.inputs])), [batch, time, options.outputs]);
  };
}
