import { defineLoss, glorotUniform, type Tensor, tf, withMargin, z } from '../index.js';
import { classCosines, targetClass } from './parts/class-cosines.js';

/**
 * SphereFace2: a yes-or-no question for each class instead of a softmax over all. With g(z) = 2 ((z + 1) / 2)^t - 1, the sum of
 * lambda log(1 + exp(-(s p + b))) for the true class and (1 - lambda) log(1 + exp(s n + b)) for every other one, where
 *
 *     type C: p = g(cos) - m, n = g(cos) + m
 *     type A: p = g(cos(min(pi, angle + m))), n = g(cos)
 *
 * Y. Wen, W. Liu, A. Weller, B. Raj, R. Singh, "SphereFace2: Binary Classification is All You Need for Deep Face Recognition", ICLR
 * 2022, arXiv:2108.01513.
 */
export default defineLoss({
  name: 'sphereface2',
  summary: 'SphereFace2: a binary loss for each class, with a margin on cosines or angles.',
  options: z.strictObject({
    type: z
      .enum(['C', 'A'])
      .default('C')
      .describe(
        'C: taken from the similarity of the true class, added to the others; A: added to the angle of the true class',
      ),
    margin: z.number().min(0).lt(Math.PI).default(0.2).describe('A: radians'),
    scale: z.number().positive().default(32),
    power: z.number().min(1).default(3).describe('t: spreads the cosines out near 1'),
    lambda: z.number().gt(0).lt(1).default(0.7).describe('weight of the true class'),
  }),
  hasMargin: ({ margin }) => margin > 0,
  build({ scope, embeddingSize, classes, options }) {
    const { type, margin, scale, power, lambda } = options;
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    const bias = scope.param('bias', [], initialBias(classes, options));
    const spread = (cosines: Tensor) => tf.sub(tf.mul(tf.pow(tf.div(tf.add(cosines, 1), 2), power), 2), 1);
    /** The similarities p and n that a margin makes of cosines. */
    const separated = (cosines: Tensor, value: Tensor): [Tensor, Tensor] => {
      if (type === 'C') return [tf.sub(spread(cosines), value), tf.add(spread(cosines), value)];
      // Beyond pi, where a power may have no value, the angle stays.
      const widened = tf.maximum(withMargin(cosines, { kind: 'arcface', value }), -1);
      return [spread(widened), spread(cosines)];
    };
    return {
      prototypes,
      losses(embeddings, labels, moment) {
        const cosines = classCosines(embeddings, [prototypes]);
        const { target } = targetClass(cosines, labels);
        const logits = (similarities: Tensor) => tf.add(tf.mul(similarities, scale), bias.read());
        const losses = (share: Tensor | number): Tensor => {
          const [own, others] = separated(cosines, tf.mul(share, margin));
          const yes = tf.mul(tf.softplus(tf.neg(logits(own))), lambda);
          const no = tf.mul(tf.softplus(logits(others)), 1 - lambda);
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
  { type, margin, scale, power, lambda }: { type: 'C' | 'A' } & Record<'margin' | 'scale' | 'power' | 'lambda', number>,
): number {
  const odds = lambda / ((1 - lambda) * Math.max(1, classes - 1));
  const spread = (cosine: number) => 2 * ((cosine + 1) / 2) ** power - 1;
  const [positive, negative] =
    type === 'C'
      ? [scale * (spread(0) - margin), scale * (spread(0) + margin)]
      : [scale * spread(Math.cos(Math.min(Math.PI, Math.PI / 2 + margin))), scale * spread(0)];
  const root = Math.sqrt((1 - odds) ** 2 + 4 * odds * Math.exp(positive - negative));
  return Math.log(2 * odds) - negative - Math.log(1 - odds + root);
}
