import { l2Norm } from '../engine/ops/l2-norm.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { StateKind } from './state-kinds.js';

/** Where the training of a weight stands; all scalars. */
export interface Moment {
  /** Learning rate. */
  rate: Tensor;
  /** t - 1: steps in which the weight has learned before this one. */
  step: Tensor;
  /** 1, or 0 in a step in which the weight stands still: then `rate` is 0 too. Absent for weights that always learn. */
  learns?: Tensor;
}

/** A piece of one weight w, its gradient g and its states (m, v); all of one shape. */
export interface Piece {
  /** g. */
  gradient: Tensor;
  /** In the order of `UpdateRule.states`: m; for Adam m, v. */
  states: Tensor[];
  /** w; read only by rules that need it. */
  weight(): Tensor;
}

/** The update of a piece. */
export interface PieceUpdate {
  /** w_(t-1) - w_t: what to subtract from the piece of the weight. */
  delta: Tensor;
  /** The new states, in order. */
  states: Tensor[];
}

/**
 * How an optimizer updates one weight, in the letters of the papers: w the weight, g its gradient, m the first moment (the
 * momentum), v the second.
 */
export interface UpdateRule {
  /** The states kept for a weight: `momentum` or `mean` is m, `square` is v. */
  states: readonly StateKind[];
  /** Updates weight and float32 states by one fused op. */
  fused(weight: Variable, states: readonly Variable[], gradient: Tensor, moment: Moment): void;
  /** The same update as a formula for any piece; what depends on the whole weight is computed here. */
  formula(weight: Variable, gradient: Tensor, moment: Moment): (piece: Piece) => PieceUpdate;
}

/** Weight decay is for matrices and larger: biases and scales of norms stay free. */
export const decayOf = (weight: Variable, weightDecay: number): number => (weight.shape.length > 1 ? weightDecay : 0);

/** g + decay w, the gradient with L2 regularisation; zeros in a step in which the weight stands still. */
export function decayedGradient(gradient: Tensor, weight: () => Tensor, decay: number, { learns }: Moment): Tensor {
  const total = decay > 0 ? tf.add(gradient, tf.mul(weight(), decay)) : gradient;
  return learns ? tf.mul(total, learns) : total;
}

/** Scales a gradient down to norm `clipNorm` if it is longer. */
export function clipped(gradient: Tensor, clipNorm: number | undefined): Tensor {
  if (clipNorm === undefined) return gradient;
  const norm = l2Norm(gradient);
  return tf.mul(gradient, tf.minimum(1, tf.div(clipNorm, tf.add(norm, 1e-6))));
}
