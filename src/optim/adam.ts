import { applyAdam } from '../engine/ops/apply-gradients.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { OptimizerOptions } from './options.js';
import { decays, type UpdateRule } from './update-rule.js';

/** Adam (Kingma and Ba 2015); `adamw` decays weights apart from the gradient (Loshchilov and Hutter 2019). */
export function adam(options: OptimizerOptions): UpdateRule {
  const { name, weightDecay, beta1, beta2, epsilon } = options;
  const withL2 = (gradient: Tensor, weight: () => Tensor, decay: boolean) =>
    decay && name === 'adam' ? tf.add(gradient, tf.mul(weight(), weightDecay)) : gradient;
  return {
    states: ['mean', 'square'],
    fused(weight, [mean, square], gradient, { rate, step }) {
      const decay = decays(weight, weightDecay);
      const total = withL2(gradient, () => weight.read(), decay);
      if (decay && name === 'adamw') weight.assign(tf.mul(weight.read(), tf.sub(1, tf.mul(rate, weightDecay))));
      applyAdam(weight, mean, square, total, rate, step, options);
    },
    formula(weight, _, { rate, step }) {
      const decay = decays(weight, weightDecay);
      const count = tf.add(step, 1);
      // Both corrections of the bias, moved out of the fraction: two operations on scalars instead of two on every value.
      const root = tf.sqrt(tf.sub(1, tf.pow(beta2, count)));
      const corrected = tf.div(tf.mul(rate, root), tf.sub(1, tf.pow(beta1, count)));
      return (piece) => {
        const gradient = withL2(piece.gradient, piece.weight, decay);
        const mean = tf.add(tf.mul(piece.states[0], beta1), tf.mul(gradient, 1 - beta1));
        const square = tf.add(tf.mul(piece.states[1], beta2), tf.mul(tf.square(gradient), 1 - beta2));
        const scale = tf.add(tf.sqrt(square), tf.mul(root, epsilon));
        const step = tf.mul(tf.div(mean, scale), corrected);
        const shrink = decay && name === 'adamw';
        const delta = shrink ? tf.add(step, tf.mul(piece.weight(), tf.mul(rate, weightDecay))) : step;
        return { delta, states: [mean, square] };
      };
    },
  };
}
