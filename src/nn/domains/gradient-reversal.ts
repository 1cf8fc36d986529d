import { kept, withGradient } from '../../engine/local-gradients.js';
import { type Tensor, tf } from '../../engine/tf.js';

/**
 * The same value, with gradients times -`weight`, a number or a scalar of the graph (Ganin and Lempitsky, "Unsupervised Domain Adaptation
 * by Backpropagation", ICML 2015, arXiv:1409.7495).
 */
export function gradientReversal(x: Tensor, weight: Tensor | number): Tensor {
  // It is used in the backward pass, when what the forward pass made is gone.
  const factor = typeof weight === 'number' ? weight : kept(weight);
  return withGradient([x], [x], ([dy]) => [tf.neg(tf.mul(dy, factor)) as Tensor])[0];
}
