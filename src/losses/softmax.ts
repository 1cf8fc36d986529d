import { defineLoss, glorotUniform, sparseSoftmaxCrossEntropy, tf, z } from '../index.js';

/** Softmax cross-entropy of logits W x + b, one for each class. It has no margin. */
export default defineLoss({
  name: 'softmax',
  summary: 'Softmax cross-entropy over a linear layer.',
  options: z.strictObject({}),
  hasMargin: () => false,
  build({ scope, embeddingSize, classes }) {
    const prototypes = scope.param('prototypes', [embeddingSize, classes], glorotUniform);
    const bias = scope.param('bias', [classes], 0);
    return {
      prototypes,
      losses(embeddings, labels) {
        // In float32 whatever the session computes in.
        const scores = tf.add(tf.matMul(embeddings, prototypes.read()), bias.read());
        return { losses: sparseSoftmaxCrossEntropy(scores, labels), scores };
      },
    };
  },
});
