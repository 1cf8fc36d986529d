import { gelu } from '../../engine/ops/activations.js';
import { conv2d } from '../../engine/ops/conv2d.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { heNormal } from '../initializers.js';
import type { Scope } from '../scope.js';

/** Sizes of the convolution that tells frames where they are. */
export interface PositionalShape {
  width: number;
  kernel: number;
  /** Groups of channels that do not see each other. */
  groups: number;
}

/**
 * A convolution over time in groups, and GELU, [batch, time, width]; what is behind a row must be zero. An even kernel sees one frame more
 * before than behind.
 */
export function positionalConv(scope: Scope, { width, kernel, groups }: PositionalShape): (x: Tensor) => Tensor {
  const weight = scope.param('weight', [kernel, width / groups, width], heNormal);
  const bias = scope.param('bias', [width], 0);
  const pad = Math.floor(kernel / 2);
  return (x) => {
    const [batch, time] = x.shape as [number, number];
    // TensorFlow.js cannot differentiate a split into one part.
    const cut = (tensor: Tensor): Tensor[] => (groups === 1 ? [tensor] : tf.split(tensor, groups, 2));
    const filters = cut(weight.read());
    const parts = cut(x).map((part, i) => {
      const y = conv2d(tf.expandDims(part, 1), tf.expandDims(filters[i], 0), { pad: [0, pad] });
      return tf.slice(tf.squeeze(y, [1]) as Tensor, [0, 0, 0], [batch, time, width / groups]);
    });
    return gelu(tf.add(groups === 1 ? parts[0] : tf.concat(parts, 2), bias.read()));
  };
}
