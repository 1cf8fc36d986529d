import { relu } from '../../engine/ops/activations.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { batchNormLayer } from '../../nn/batch-norm.js';
import { depthwiseTimeConvLayer, timeConvLayer } from '../../nn/conv.js';
import type { Layer } from '../../nn/layer.js';
import type { Pass } from '../../nn/pass.js';
import type { Scope } from '../../nn/scope.js';

/** Frames that a fused map's convolution sees. */
const KERNEL = 3;
/** Keeps the sum of fusion weights from zero. */
const EPSILON = 1e-4;

/** Maps of layers [batch, time, channels] of one length, from the features on, to as many refined maps. */
export type Pyramid = (maps: readonly Tensor[], pass: Pass) => Tensor[];

/** Channels of the refined map of a layer of so many. */
export const refinedChannels = (channels: number, width: number): number => Math.max(1, Math.round(width * channels));

/**
 * Refines the maps F_1 to F_n of layers along two paths, each map with `width` times the channels of its layer:
 *
 *   L_i = Conv(F_i)
 *   P_i = Conv(w1 L_i + w2 P_{i+1}), from P_n = L_n down
 *   T_i = Conv(w1 L_i + w2 P_i + w3 T_{i-1}), from T_1 = P_1 up; T_n without P_n, which is L_n
 *
 * L_i is a pointwise convolution, the others are depthwise ones over three frames and pointwise ones; all are normalised and rectified. A
 * map of a neighbour with another number of channels goes through a pointwise convolution first. Weights are learned, rectified, and
 * divided by their sum (fast normalized fusion).
 *
 * M. Ji, S. Shin, S. Hwang, G. Park, I.-C. Moon, "Refine Myself by Teaching Myself: Feature Refinement via Self-Knowledge Distillation", CVPR
 * 2021, arXiv:2103.08273; fusion: M. Tan, R. Pang, Q. V. Le, "EfficientDet: Scalable and Efficient Object Detection", CVPR 2020,
 * arXiv:1911.09070.
 */
export function createPyramid(scope: Scope, channels: readonly number[], width: number): Pyramid {
  const sizes = channels.map((size) => refinedChannels(size, width));
  const last = sizes.length - 1;
  const lateral = sizes.map((size, i) => pointwise(scope.child(`lateral${i + 1}`), channels[i], size));
  // A path's place `i` hears its neighbour `from`, and the maps of its own layer.
  const node = (path: string, i: number, from: number, inputs: number) => {
    const at = scope.child(`${path}${i + 1}`);
    return {
      resize: sizes[from] === sizes[i] ? undefined : pointwise(at.child('resize'), sizes[from], sizes[i]),
      fuse: fusion(at, inputs),
      conv: separable(at, sizes[i]),
    };
  };
  const down = sizes.slice(0, last).map((_, i) => node('top-down', i, i + 1, 2));
  const up = sizes.slice(1).map((_, i) => node('bottom-up', i + 1, i, i + 1 < last ? 3 : 2));
  const step = ({ resize, fuse, conv }: ReturnType<typeof node>, own: Tensor[], neighbour: Tensor, pass: Pass) =>
    conv(fuse(own.concat(resize ? resize(neighbour, pass) : neighbour)), pass);
  return (maps, pass) => {
    const laterals = maps.map((map, i) => lateral[i](map, pass));
    const above = [laterals[last]];
    for (let i = last - 1; i >= 0; i--) above.unshift(step(down[i], [laterals[i]], above[0], pass));
    const refined = [above[0]];
    for (let i = 1; i <= last; i++) {
      const own = i < last ? [laterals[i], above[i]] : [laterals[i]];
      refined.push(step(up[i - 1], own, refined[i - 1], pass));
    }
    return refined;
  };
}

/** A pointwise convolution, normalised and rectified. */
function pointwise(scope: Scope, inputs: number, outputs: number): Layer {
  const conv = timeConvLayer(scope.child('conv'), { inputs, outputs, kernel: 1 });
  const norm = batchNormLayer(scope.child('norm'), outputs);
  return (x, pass) => relu(norm(conv(x), pass));
}

/** A depthwise convolution over time and a pointwise one, normalised and rectified. */
function separable(scope: Scope, channels: number): Layer {
  const depthwise = depthwiseTimeConvLayer(scope.child('depthwise'), { channels, kernel: KERNEL });
  const mix = pointwise(scope, channels, channels);
  return (x, pass) => mix(depthwise(x), pass);
}

/** The weighted mean of so many maps of one shape. */
function fusion(scope: Scope, count: number): (maps: readonly Tensor[]) => Tensor {
  const weights = scope.param('fusion', [count], 1);
  return (maps) => {
    const positive = tf.relu(weights.read());
    const shares = tf.split(tf.div(positive, tf.add(tf.sum(positive), EPSILON)), count);
    return tf.addN(maps.map((map, i): Tensor => tf.mul(map, shares[i])));
  };
}
