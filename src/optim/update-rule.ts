import type { Tensor } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { StateKind } from './state-kinds.js';

/** Where training stands: scalars. `step` counts from 0. */
export interface Moment {
  rate: Tensor;
  step: Tensor;
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
export const decays = (weight: Variable, weightDecay: number): boolean => weightDecay > 0 && weight.shape.length > 1;
