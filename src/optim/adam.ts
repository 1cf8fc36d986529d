import { applyAdam } from '../engine/ops/apply-gradients.js';
import { tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decayedGradient, decayOf, type UpdateRule } from './update-rule.js';

/**
 * Adam (Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, arXiv:1412.6980), and AdamW, which decays weights apart
 * from the gradient (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019, arXiv:1711.05101):
 *
 *     m = beta1 m + (1 - beta1) g
 *     v = beta2 v + (1 - beta2) g^2
 *     w = w - rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon), for AdamW also - rate decay w
 */
export function adam(options: OptimizerOptions): UpdateRule {
  const { name, weightDecay, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const isDecoupled = name === 'adamw';
  return {
    states: ['mean', 'square'],
    fused(weight, [mean, square], gradient, moment) {
      const { rate, step } = moment;
      const decay = decayOf(weight, weightDecay);
      const g = decayedGradient(gradient, () => weight.read(), isDecoupled ? 0 : decay, moment);
      if (decay > 0 && isDecoupled) weight.assign(tf.mul(weight.read(), tf.sub(1, tf.mul(rate, decay))));
      applyAdam(weight, mean, square, g, rate, step, { beta1, beta2, epsilon });
    },
    formula(weight, _, moment) {
      const { rate, step } = moment;
      const decay = decayOf(weight, weightDecay);
      const t = tf.add(step, 1);
      // Both bias corrections, moved out of the fraction: two operations on scalars instead of two on every value.
      const root = tf.sqrt(tf.sub(1, tf.pow(beta2, t)));
      const corrected = tf.div(tf.mul(rate, root), tf.sub(1, tf.pow(beta1, t)));
      return (piece) => {
        const g = decayedGradient(piece.gradient, piece.weight, isDecoupled ? 0 : decay, moment);
        const m = tf.add(tf.mul(piece.states[0], beta1), tf.mul(g, 1 - beta1));
        const v = tf.add(tf.mul(piece.states[1], beta2), tf.mul(tf.square(g), 1 - beta2));
        const scale = tf.add(tf.sqrt(v), tf.mul(root, epsilon));
        const adaptive = tf.mul(tf.div(m, scale), corrected);
        const shrinks = decay > 0 && isDecoupled;
        const delta = shrinks ? tf.add(adaptive, tf.mul(piece.weight(), tf.mul(rate, decay))) : adaptive;
        return { delta, states: [m, v] };
      };
    },
  };
}
