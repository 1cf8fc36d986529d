import { applyMomentum } from '../engine/ops/apply-gradients.js';
import { tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decays, type UpdateRule } from './update-rule.js';

/** Momentum SGD; weight decay is added to the gradient (L2 regularisation). */
export function sgd({ momentum, nesterov, weightDecay }: OptimizerOptions): UpdateRule {
  return {
    states: ['momentum'],
    fused(weight, [accumulator], gradient, { rate }) {
      const total = decays(weight, weightDecay) ? tf.add(gradient, tf.mul(weight.read(), weightDecay)) : gradient;
      applyMomentum(weight, accumulator, total, rate, momentum, nesterov);
    },
    formula:
      (weight, _, { rate }) =>
      (piece) => {
        const total = decays(weight, weightDecay)
          ? tf.add(piece.gradient, tf.mul(piece.weight(), weightDecay))
          : piece.gradient;
        const moved = tf.add(tf.mul(piece.states[0], momentum), total);
        const direction = nesterov ? tf.add(total, tf.mul(moved, momentum)) : moved;
        return { delta: tf.mul(direction, rate), states: [moved] };
      },
  };
}
