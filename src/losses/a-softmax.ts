import {
  defineLoss,
  glorotUniform,
  sparseSoftmaxCrossEntropy,
  stopGradient,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';
import { classCosines, targetClass } from './parts/class-cosines.js';

const annealing = z.strictObject({
  from: z.number().min(0).default(1000),
  decay: z.number().min(0).default(0.12),
  least: z.number().min(0).default(5),
});

/**
 * A-softmax: the target's angle is multiplied by `margin`, cosines are scaled by the embedding's length. The target's logit is the
 * mean of that with and without the margin, where the latter weighs lambda = max(least, from / (1 + decay step)).
 *
 * W. Liu, Y. Wen, Z. Yu, M. Li, B. Raj, L. Song, "SphereFace: Deep Hypersphere Embedding for Face Recognition", CVPR 2017,
 * arXiv:1704.08063.
 */
export default defineLoss({
  name: 'a-softmax',
  summary: 'Angular softmax (SphereFace): multiplies the angle to the true class.',
  options: z.strictObject({
    margin: z.number().int().min(1).max(8).default(4).describe('factor of the angle'),
    annealing: annealing
      .prefault({})
      .describe('weight of the cosine without margin: from / (1 + decay update), but at least `least`'),
  }),
  hasMargin: ({ margin }) => margin > 1,
  build({ scope, embeddingSize, classes, options: { margin, annealing } }) {
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    return {
      prototypes,
      losses(embeddings, labels, moment) {
        const cosines = classCosines(embeddings, [prototypes]);
        const lengths = tf.sqrt(tf.add(tf.sum(tf.square(embeddings), 1, true), 1e-12));
        const { cosine, target } = targetClass(cosines, labels);
        const fading = tf.div(annealing.from, tf.add(1, tf.mul(moment.step, annealing.decay)));
        const weight = tf.div(moment.margin, tf.add(1, tf.maximum(fading, annealing.least)));
        const change = tf.mul(tf.sub(multipliedAngle(cosine, margin), cosine), weight);
        const losses = (values: Tensor) => sparseSoftmaxCrossEntropy(tf.mul(values, lengths), labels);
        return { losses: losses(tf.add(cosines, tf.mul(target, change))), plain: losses(cosines), scores: cosines };
      },
    };
  },
});

/** psi(angle) = (-1)^k cos(factor angle) - 2 k, k = floor(factor angle / pi): the cosine of a multiple that goes on falling. */
function multipliedAngle(cosines: Tensor, factor: number): Tensor {
  // Chebyshev's recursion: cos(n angle) as a polynomial of the cosine.
  let [previous, multiple]: Tensor[] = [tf.onesLike(cosines), cosines];
  for (let n = 2; n <= factor; n++)
    [previous, multiple] = [multiple, tf.sub(tf.mul(tf.mul(cosines, multiple), 2), previous)];
  const { sign, turns } = withoutGradient(() => {
    const passed = Array.from({ length: factor - 1 }, (_, i) =>
      tf.cast(tf.lessEqual(stopGradient(cosines), Math.cos(((i + 1) * Math.PI) / factor)), 'float32'),
    );
    const zero: Tensor = tf.zerosLike(cosines);
    const count = passed.reduce<Tensor>((sum, boundary) => tf.add(sum, boundary), zero);
    return { sign: tf.cos(tf.mul(count, Math.PI)) as Tensor, turns: count };
  });
  return tf.sub(tf.mul(sign, multiple), tf.mul(turns, 2));
}
