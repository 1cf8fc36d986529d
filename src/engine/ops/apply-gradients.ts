import { tensorflow } from '../backend.js';
import { boolAttr, typeAttr } from '../graph/attributes.js';
import { DT } from '../graph/data-types.js';
import type { Tensor } from '../tf.js';
import { update, type Variable } from '../variable.js';

/**
 * Momentum SGD in one fused op: m <- momentum m + g; w <- w - rate m, or with Nesterov w <- w - rate (g + momentum m).
 * `accumulator` is m.
 */
export function applyMomentum(
  weight: Variable,
  accumulator: Variable,
  gradient: Tensor,
  rate: Tensor,
  momentum: number,
  nesterov: boolean,
): void {
  const inputs = [rate, gradient, tensorflow.scalar(momentum)];
  update([weight, accumulator], 'ResourceApplyMomentum', inputs, [boolAttr('use_nesterov', nesterov)]);
}

/**
 * Adam in one fused op, with bias correction for `step` (from 0): `mean` is m, `square` is v of Kingma and Ba, "Adam: A Method for
 * Stochastic Optimization", 2015, arXiv:1412.6980, algorithm 1.
 */
export function applyAdam(
  weight: Variable,
  mean: Variable,
  square: Variable,
  gradient: Tensor,
  rate: Tensor,
  step: Tensor,
  { beta1, beta2, epsilon }: { beta1: number; beta2: number; epsilon: number },
): void {
  const count = tensorflow.add(step, 1);
  const powers = [beta1, beta2].map((beta) => tensorflow.pow(tensorflow.scalar(beta), count) as Tensor);
  // TensorFlow scales epsilon by sqrt(1 - beta2^t) where the paper does not; divided out here.
  const scale = tensorflow.sqrt(tensorflow.sub(1, powers[1]));
  const constants = [beta1, beta2].map((value) => tensorflow.scalar(value) as Tensor);
  const inputs = [...powers, rate, ...constants, tensorflow.mul(epsilon, scale), gradient];
  update([weight, mean, square], 'ResourceApplyAdam', inputs, []);
}

/** w <- w - delta, in place. */
export function subtractFrom(weight: Variable, delta: Tensor): void {
  update([weight], 'AssignSubVariableOp', [delta], [typeAttr('dtype', DT.FLOAT)]);
}
