import { defineLoss, glorotUniform, type Tensor, tf, z } from '../index.js';
import { classCosines, targetClass } from './parts/class-cosines.js';

/**
 * SphereFace2 with the additive margin of its type C: a yes-or-no question for each class instead of a softmax over all. With
 * g(z) = 2 ((z + 1) / 2)^t - 1, the sum of lambda log(1 + exp(-(s (g(cos) - m) + b))) for the true class and
 * (1 - lambda) log(1 + exp(s (g(cos) + m) + b)) for every other one.
 *
 * Y. Wen, W. Liu, A. Weller, B. Raj, R. Singh, "SphereFace2: Binary Classification is All You Need for Deep Face Recognition", ICLR
 * 2022, arXiv:2108.01513.
 */
export default defineLoss({
  name: 'sphereface2',
  summary: 'SphereFace2: a binary loss for each class, with an additive margin on both sides.',
  options: z.strictObject({
    margin: z.number().min(0).default(0.2),
    scale: z.number().positive().default(32),
    power: z.number().min(1).default(3).describe('t: spreads the cosines out near 1'),
    lambda: z.number().gt(0).lt(1).default(0.7).describe('weight of the true class'),
  }),
  hasMargin: ({ margin }) => margin > 0,
  build({ scope, embeddingSize, classes, options }) {
    const { margin, scale, power, lambda } = options;
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    const bias = scope.param('bias', [], initialBias(classes, options));
    return {
      prototypes,
      losses(embeddings, labels, moment) {
        const cosines = classCosines(embeddings, [prototypes]);
        const { target } = targetClass(cosines, labels);
        const spread = tf.sub(tf.mul(tf.pow(tf.div(tf.add(cosines, 1), 2), power), 2), 1);
        const losses = (share: Tensor | number): Tensor => {
          const shift = tf.mul(share, margin * scale);
          const logits = tf.add(tf.mul(spread, scale), bias.read());
          const yes = tf.mul(tf.softplus(tf.neg(tf.sub(logits, shift))), lambda);
          const no = tf.mul(tf.softplus(tf.add(logits, shift)), 1 - lambda);
          return tf.sum(tf.add(no, tf.mul(target, tf.sub(yes, no))), 1);
        };
        return { losses: losses(moment.margin), plain: losses(0), scores: cosines };
      },
    };
  },
});

/** The bias at which the true class and all others pull equally hard where every cosine is 0, as it is before training. */
function initialBias(
  classes: number,
  { margin, scale, power, lambda }: { margin: number; scale: number; power: number; lambda: number },
): number {
  const odds = lambda / ((1 - lambda) * Math.max(1, classes - 1));
  const middle = 2 * 0.5 ** power - 1;
  const [positive, negative] = [scale * (middle - margin), scale * (middle + margin)];
  const root = Math.sqrt((1 - odds) ** 2 + 4 * odds * Math.exp(positive - negative));
  return Math.log(2 * odds) - negative - Math.log(1 - odds + root);
}
