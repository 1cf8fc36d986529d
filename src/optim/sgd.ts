import { applyMomentum } from '../engine/ops/apply-gradients.js';
import { tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decayOf, slope, type UpdateRule } from './update-rule.js';

/** Momentum SGD; weight decay is added to the gradient (L2 regularisation). */
export function sgd({ momentum, nesterov, weightDecay }: OptimizerOptions): UpdateRule {
  return {
    states: ['momentum'],
    fused(weight, [accumulator], gradient, moment) {
      const total = slope(gradient, () => weight.read(), decayOf(weight, weightDecay), moment);
      applyMomentum(weight, accumulator, total, moment.rate, momentum, nesterov);
    },
    formula: (weight, _, moment) => (piece) => {
      const total = slope(piece.gradient, piece.weight, decayOf(weight, weightDecay), moment);
      const moved = tf.add(tf.mul(piece.states[0], momentum), total);
      const direction = nesterov ? tf.add(total, tf.mul(moved, momentum)) : moved;
      return { delta: tf.mul(direction, moment.rate), states: [moved] };
    },
  };
}
