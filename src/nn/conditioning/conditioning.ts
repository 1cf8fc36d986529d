import { type Tensor, tf } from '../../engine/tf.js';
import type { Pass } from '../pass.js';
import type { Scope } from '../scope.js';
import { concatenateCondition } from './concatenation.js';
import { crossAttention } from './cross-attention.js';
import { type ConditionSizes, filmLayer } from './film.js';

/** The ways in which a vector can condition a map. */
export const conditionings = ['film', 'concatenate', 'attention'] as const;
export type Conditioning = (typeof conditionings)[number];

/** A layer of a network that something else is known for, such as whose voice it shall follow. */
export interface ConditionedLayer {
  /** Channels of the map that comes out. */
  channels: number;
  /**
   * Conditions a map [batch, time, channels] on a vector of each row [batch, size]; with attention on one or several [batch, count, size].
   * Frames beyond a row's length stay zero.
   */
  apply(x: Tensor, condition: Tensor, pass: Pass): Tensor;
}

/** Builds the layer of a name at a scope; `concatenate` has no weights, and adds the vector's numbers to the channels. */
export function conditioningLayer(scope: Scope, kind: Conditioning, sizes: ConditionSizes): ConditionedLayer {
  const { size, channels } = sizes;
  if (kind === 'concatenate') return { channels: channels + size, apply: concatenateCondition };
  if (kind === 'film') return { channels, apply: filmLayer(scope, sizes) };
  const attend = crossAttention(scope, sizes);
  return {
    channels,
    apply: (x, condition, pass) => attend(x, condition.rank === 2 ? tf.expandDims(condition, 1) : condition, pass),
  };
}
