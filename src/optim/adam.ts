import { applyAdam } from '../engine/ops/apply-gradients.js';
import { tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decayOf, slope, type UpdateRule } from './update-rule.js';

/** Adam (Kingma and Ba 2015); `adamw` decays weights apart from the gradient (Loshchilov and Hutter 2019). */
export function adam(options: OptimizerOptions): UpdateRule {
  const { name, weightDecay, beta1, beta2, epsilon } = options;
  const inGradient = name === 'adam';
  return {
    states: ['mean', 'square'],
    fused(weight, [mean, square], gradient, moment) {
      const { rate, step } = moment;
      const decay = decayOf(weight, weightDecay);
      const total = slope(gradient, () => weight.read(), inGradient ? decay : 0, moment);
      if (decay > 0 && !inGradient) weight.assign(tf.mul(weight.read(), tf.sub(1, tf.mul(rate, decay))));
      applyAdam(weight, mean, square, total, rate, step, options);
    },
    formula(weight, _, moment) {
      const { rate, step } = moment;
      const decay = decayOf(weight, weightDecay);
      const count = tf.add(step, 1);
      // Both corrections of the bias, moved out of the fraction: two operations on scalars instead of two on every value.
      const root = tf.sqrt(tf.sub(1, tf.pow(beta2, count)));
      const corrected = tf.div(tf.mul(rate, root), tf.sub(1, tf.pow(beta1, count)));
      return (piece) => {
        const gradient = slope(piece.gradient, piece.weight, inGradient ? decay : 0, moment);
        const mean = tf.add(tf.mul(piece.states[0], beta1), tf.mul(gradient, 1 - beta1));
        const square = tf.add(tf.mul(piece.states[1], beta2), tf.mul(tf.square(gradient), 1 - beta2));
        const scale = tf.add(tf.sqrt(square), tf.mul(root, epsilon));
        const step = tf.mul(tf.div(mean, scale), corrected);
        const shrinks = decay > 0 && !inGradient;
        const delta = shrinks ? tf.add(step, tf.mul(piece.weight(), tf.mul(rate, decay))) : step;
        return { delta, states: [mean, square] };
      };
    },
  };
}
