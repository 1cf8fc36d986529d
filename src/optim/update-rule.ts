import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { StateKind } from './state-kinds.js';

/** Where the training of a weight stands: scalars. */
export interface Moment {
  rate: Tensor;
  /** Steps in which the weight has learned before this one. */
  step: Tensor;
  /** 1, or 0 in a step in which the weight stands still: then `rate` is 0 too. Absent for weights that always learn. */
  learns?: Tensor;
}

/** A piece of one weight, its gradient and its states; all of one shape. */
export interface Piece {
  gradient: Tensor;
  states: Tensor[];
  weight(): Tensor;
}

/** What to subtract from a piece of the weight, and its new states. */
export interface Stepped {
  delta: Tensor;
  states: Tensor[];
}

/** How an optimizer updates one weight. */
export interface UpdateRule {
  /** The states beside a weight. */
  states: readonly StateKind[];
  /** Updates weight and float32 states by one fused op. */
  fused(weight: Variable, states: readonly Variable[], gradient: Tensor, moment: Moment): void;
  /** The same update as a formula for any piece; what depends on the whole weight is computed here. */
  formula(weight: Variable, gradient: Tensor, moment: Moment): (piece: Piece) => Stepped;
}

/** Weight decay is for matrices and larger: biases and scales of norms stay free. */
export const decayOf = (weight: Variable, weightDecay: number): number => (weight.shape.length > 1 ? weightDecay : 0);

/** What a weight is moved by: its gradient and its decay (L2 regularisation), or zeros while it stands still. */
export function slope(gradient: Tensor, weight: () => Tensor, decay: number, { learns }: Moment): Tensor {
  const total = decay > 0 ? tf.add(gradient, tf.mul(weight(), decay)) : gradient;
  return learns ? tf.mul(total, learns) : total;
}
