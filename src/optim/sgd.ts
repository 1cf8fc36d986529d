import { applyMomentum } from '../engine/ops/apply-gradients.js';
import { tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decayedGradient, decayOf, type UpdateRule } from './update-rule.js';

/**
 * Momentum SGD; weight decay is part of g (L2 regularisation):
 *
 *     m = momentum m + g
 *     w = w - rate m, or with Nesterov w - rate (g + momentum m)
 */
export function sgd({ momentum = 0.9, nesterov = false, weightDecay }: OptimizerOptions): UpdateRule {
  return {
    states: ['momentum'],
    fused(weight, [accumulator], gradient, moment) {
      const g = decayedGradient(gradient, () => weight.read(), decayOf(weight, weightDecay), moment);
      applyMomentum(weight, accumulator, g, moment.rate, momentum, nesterov);
    },
    formula: (weight, _, moment) => (piece) => {
      const g = decayedGradient(piece.gradient, piece.weight, decayOf(weight, weightDecay), moment);
      const m = tf.add(tf.mul(piece.states[0], momentum), g);
      const direction = nesterov ? tf.add(g, tf.mul(m, momentum)) : m;
      return { delta: tf.mul(direction, moment.rate), states: [m] };
    },
  };
}
