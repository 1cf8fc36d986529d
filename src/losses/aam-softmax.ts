import { defineLoss, glorotUniform, sparseSoftmaxCrossEntropy, tf, unit, withMargin, z } from '../index.js';

/**
 * Additive angular margin softmax (Deng et al. 2019): the target's angle is widened by `margin`, cosines are scaled.
 * Where the widened angle would pass pi, the cosine is shifted by a constant instead, so that it goes on falling.
 */
export default defineLoss({
  name: 'aam-softmax',
  summary: 'Additive angular margin softmax (ArcFace) over class prototypes.',
  options: z.strictObject({
    margin: z.number().min(0).lt(Math.PI).default(0.2).describe('radians'),
    scale: z.number().positive().default(32),
  }),
  build({ scope, embeddingSize, classes, options: { margin, scale } }) {
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    return {
      prototypes,
      losses(embeddings, labels, moment) {
        // In float32 whatever the session computes in: a scaled bfloat16 cosine would be off by a tenth and more.
        const products = tf.matMul(unit(embeddings, 1), unit(prototypes.read(), 0));
        const cosines = tf.clipByValue(products, -1 + 1e-6, 1 - 1e-6);
        const target = tf.cast(tf.oneHot(labels, classes), 'float32');
        const own = tf.sum(tf.mul(cosines, target), 1, true);
        const moved = withMargin(own, { kind: 'arcface', value: tf.mul(moment.margin, margin) });
        const logits = tf.mul(tf.add(cosines, tf.mul(target, tf.sub(moved, own))), scale);
        return {
          losses: sparseSoftmaxCrossEntropy(logits, labels),
          plain: sparseSoftmaxCrossEntropy(tf.mul(cosines, scale), labels),
          scores: cosines,
        };
      },
    };
  },
});
