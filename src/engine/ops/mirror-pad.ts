import { tensorflow } from '../backend.js';
import { stringAttr } from '../graph/attributes.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

const REFLECT = [stringAttr('mode', 'REFLECT')];

/**
 * Adds `amount` elements at both ends of `axis`, which mirror those inside without repeating the first and the last: ... 2 1 [0 1 2 ...
 * The axis needs more than `amount` elements. Differentiable.
 */
export function mirrorPad(x: Tensor, axis: number, amount: number): Tensor {
  const pads = () =>
    tensorflow.tensor2d(
      x.shape.map((_, i) => [i === axis ? amount : 0, i === axis ? amount : 0]),
      [x.rank, 2],
      'int32',
    );
  return tensorflow.customGrad((input) => ({
    value: raw('MirrorPad', [input as Tensor, pads()], REFLECT)[0],
    gradFunc: (dy: Tensor) => raw('MirrorPadGrad', [dy, pads()], REFLECT)[0],
  }))(x);
}
