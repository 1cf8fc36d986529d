import { type Tensor, tf } from '../../engine/tf.js';
import { matMul } from '../dense.js';
import { frameMask } from '../pass.js';
import type { Scope } from '../scope.js';
import { frameDense } from './frame-dense.js';

/** What attention knows beside its frames. */
export interface AttentionContext {
  /** Frames of each row that count [batch]; absent: all. */
  lengths?: Tensor;
  /** Numbers for the distance of every two frames [1, heads, time, time], in WavLM. */
  positions?: Tensor;
}

/** Units of WavLM's gate: two of four each. */
const GATE_UNITS = 8;

/**
 * Multi-head self-attention over frames [batch, time, width] (A. Vaswani et al., "Attention Is All You Need", 2017, arXiv:1706.03762). With
 * `gated`, numbers for distances join the scores, by a gate that every query opens for itself (WavLM).
 */
export function selfAttention(
  scope: Scope,
  { width, heads, gated }: { width: number; heads: number; gated: boolean },
): (x: Tensor, context: AttentionContext) => Tensor {
  const size = width / heads;
  const sizes = { inputs: width, outputs: width };
  const [query, key, value, out] = ['query', 'key', 'value', 'out'].map((name) => frameDense(scope.child(name), sizes));
  const gate = gated ? positionGate(scope.child('gate'), heads, size) : undefined;
  const apart = (x: Tensor): Tensor => {
    const [batch, time] = x.shape as [number, number];
    return tf.transpose(tf.reshape(x, [batch, time, heads, size]), [0, 2, 1, 3]);
  };
  return (x, { lengths, positions }) => {
    const [batch, time] = x.shape as [number, number];
    const scores = matMul(tf.mul(apart(query(x)), size ** -0.5), apart(key(x)), false, true);
    const placed = gate && positions ? tf.add(scores, tf.mul(gate(apart(x)), positions)) : scores;
    const weights = tf.softmax(lengths ? tf.sub(placed, beyond(lengths, time)) : placed);
    const heard = matMul(weights as Tensor, apart(value(x)));
    return out(tf.reshape(tf.transpose(heard, [0, 2, 1, 3]), [batch, time, width]));
  };
}

/** A number that no score outweighs, for keys beyond a row: [batch, 1, 1, time]. */
function beyond(lengths: Tensor, time: number): Tensor {
  const mask = tf.reshape(frameMask(lengths, time, 3), [-1, 1, 1, time]);
  return tf.mul(tf.sub(1, mask), 1e9);
}

/** The gate of every head and query, [batch, heads, time, size] -> [batch, heads, time, 1]. */
function positionGate(scope: Scope, heads: number, size: number): (x: Tensor) => Tensor {
  const linear = frameDense(scope.child('linear'), { inputs: size, outputs: GATE_UNITS });
  const strength = scope.param('strength', [heads], 1);
  return (x) => {
    const [batch, , time] = x.shape as [number, number, number];
    const units = linear(tf.reshape(x, [batch * heads, time, size]));
    const sums = tf.sum(tf.reshape(units, [batch, heads, time, 2, GATE_UNITS / 2]), 4);
    const [update, reset] = tf.split(tf.sigmoid(sums) as Tensor, 2, 3);
    const constant = tf.reshape(strength.read(), [1, heads, 1, 1]);
    return tf.add(tf.mul(update, tf.sub(tf.mul(reset, constant), 1)), 2);
  };
}
