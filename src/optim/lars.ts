import { applyMomentum } from '../engine/ops/apply-gradients.js';
import { l2Norm } from '../engine/ops/l2-norm.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import type { OptimizerOptions } from './options.js';
import { decayedGradient, decayOf, type Moment, type UpdateRule } from './update-rule.js';

/**
 * LARS (You, Gitman, Ginsburg, "Large Batch Training of Convolutional Networks", 2017, arXiv:1708.03888, algorithm 1): momentum SGD
 * with a local rate for each weight, m = momentum m + local (g + decay w); w -= m. As is usual, biases and other 1-D weights are
 * neither scaled nor decayed.
 */
export function lars(options: OptimizerOptions): UpdateRule {
  const { momentum = 0.9, weightDecay } = options;
  return {
    states: ['momentum'],
    fused(weight, [accumulator], gradient, moment) {
      const g = decayedGradient(gradient, () => weight.read(), decayOf(weight, weightDecay), moment);
      const scaled = tf.mul(g, localRate(weight, gradient, moment, options));
      applyMomentum(weight, accumulator, scaled, moment.learns ?? tf.scalar(1), momentum, false);
    },
    formula(weight, gradient, moment) {
      const rate = localRate(weight, gradient, moment, options);
      return (piece) => {
        const g = decayedGradient(piece.gradient, piece.weight, decayOf(weight, weightDecay), moment);
        const m = tf.add(tf.mul(piece.states[0], momentum), tf.mul(g, rate));
        return { delta: moment.learns ? tf.mul(m, moment.learns) : m, states: [m] };
      };
    },
  };
}

const isAdapted = (weight: Variable): boolean => weight.shape.length > 1;

/** The schedule's rate times trust |w| / (|g| + decay |w|); times 1 where weight or gradient are all zeros. */
function localRate(weight: Variable, gradient: Tensor, { rate }: Moment, options: OptimizerOptions): Tensor {
  const { trust = 0.001, weightDecay } = options;
  if (!isAdapted(weight)) return rate;
  const [weightNorm, gradientNorm] = [l2Norm(weight.read()), l2Norm(gradient)];
  const ratio = tf.div(tf.mul(weightNorm, trust), tf.add(gradientNorm, tf.mul(weightNorm, weightDecay)));
  const usable = tf.logicalAnd(tf.greater(weightNorm, 0), tf.greater(gradientNorm, 0));
  return tf.mul(rate, tf.where(usable, ratio, tf.onesLike(ratio)));
}
