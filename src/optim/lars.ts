import { applyMomentum } from '../engine/ops/apply-gradients.js';
import { l2Norm } from '../engine/ops/l2-norm.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { OptimizerOptions } from './options.js';
import { decayOf, type Moment, slope, type UpdateRule } from './update-rule.js';

/**
 * LARS (You et al. 2017, algorithm 1): momentum SGD whose every step is as long as a share of the weight, its decay included. As
 * is usual, biases and other 1-D weights are neither scaled nor decayed.
 */
export function lars(options: OptimizerOptions): UpdateRule {
  const { momentum, weightDecay } = options;
  return {
    states: ['momentum'],
    fused(weight, [accumulator], gradient, moment) {
      const total = slope(gradient, () => weight.read(), decayOf(weight, weightDecay), moment);
      const scaled = tf.mul(total, localRate(weight, gradient, moment, options));
      applyMomentum(weight, accumulator, scaled, moment.learns ?? tf.scalar(1), momentum, false);
    },
    formula(weight, gradient, moment) {
      const rate = localRate(weight, gradient, moment, options);
      return (piece) => {
        const total = slope(piece.gradient, piece.weight, decayOf(weight, weightDecay), moment);
        const moved = tf.add(tf.mul(piece.states[0], momentum), tf.mul(total, rate));
        return { delta: moment.learns ? tf.mul(moved, moment.learns) : moved, states: [moved] };
      };
    },
  };
}

const isAdapted = (weight: Variable): boolean => weight.shape.length > 1;

/** The schedule's rate times trust * |w| / (|g| + decay |w|); times 1 where weight or gradient are all zeros. */
function localRate(weight: Variable, gradient: Tensor, { rate }: Moment, options: OptimizerOptions): Tensor {
  if (!isAdapted(weight)) return rate;
  const [length, steepness] = [l2Norm(weight.read()), l2Norm(gradient)];
  const ratio = tf.div(tf.mul(length, options.trust), tf.add(steepness, tf.mul(length, options.weightDecay)));
  const usable = tf.logicalAnd(tf.greater(length, 0), tf.greater(steepness, 0));
  return tf.mul(rate, tf.where(usable, ratio, tf.onesLike(ratio)));
}
