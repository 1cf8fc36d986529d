import { type Tensor, tf } from '../../engine/tf.js';
import { sizeOf } from '../../host-tensor.js';
import { denseLayer } from '../dense.js';
import { maskTime, type Pass } from '../pass.js';
import type { Scope } from '../scope.js';

/** Sizes of a layer that a vector conditions. */
export interface ConditionSizes {
  /** Numbers of the vector, such as a speaker embedding. */
  size: number;
  /** Channels of the map. */
  channels: number;
}

/**
 * Feature-wise linear modulation: every channel of a map is scaled and shifted by what a vector says, (1 + gamma) x + beta with gamma and
 * beta linear in the vector (Perez, Strub, de Vries, Dumoulin and Courville, "FiLM: Visual Reasoning with a General Conditioning Layer",
 * 2018, arXiv:1709.07871). It begins as the identity. Frames beyond a row's length stay zero.
 * @returns (x [batch, time, channels], condition [batch, size]) -> [batch, time, channels]
 */
export function filmLayer(
  scope: Scope,
  { size, channels }: ConditionSizes,
): (x: Tensor, condition: Tensor, pass: Pass) => Tensor {
  const zeros = (shape: number[]) => new Float32Array(sizeOf(shape));
  const gamma = denseLayer(scope.child('scale'), { inputs: size, outputs: channels, initial: zeros });
  const beta = denseLayer(scope.child('shift'), { inputs: size, outputs: channels, initial: zeros });
  const everyFrame = (row: Tensor): Tensor => tf.expandDims(row, 1);
  return (x, condition, pass) => {
    const scaled = tf.mul(x, everyFrame(tf.add(gamma(condition), 1)));
    return maskTime(tf.add(scaled, everyFrame(beta(condition))), pass);
  };
}
