import { crossCorrelation, defineSsl, leastBatch, offDiagonal, projectionHead, tf, z } from '../src/index.js';

const options = z.strictObject({
  projection: z
    .array(z.number().int().positive())
    .default([2048, 2048, 512])
    .describe('sizes of the projector, batch-normalised but for the last; [] for none'),
  redundancyWeight: z
    .number()
    .nonnegative()
    .default(0.005)
    .describe("lambda, the weight of the off-diagonal's squares"),
  scale: z.number().positive().default(0.025).describe('of the whole loss, which sums over all pairs of dimensions'),
});

/**
 * Redundancy reduction (Zbontar et al. 2021): the correlations between the dimensions of two crops are to be the identity. The
 * defaults are those that sslsv (Lepage and Dehak) publishes for speakers.
 */
export default defineSsl({
  name: 'barlow-twins',
  summary: 'The cross-correlation of two crops is drawn to the identity (Zbontar et al. 2021).',
  options,
  views: () => ({ global: 2, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'barlow-twins: correlations over a batch need'),
  build({ options: { projection, redundancyWeight, scale }, backbone, scope }) {
    const network = backbone('network');
    const headScope = scope('projection');
    const project = projectionHead(headScope, { inputs: network.embeddingSize, sizes: projection });
    return {
      trained: [...network.scope.params(), ...headScope.params()],
      networks: { student: network },
      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const [first, second] = tf.split(project(embeddings), 2, 0);
        const correlation = crossCorrelation(first, second);
        const own = tf.sum(tf.mul(correlation, tf.eye(correlation.shape[0]!)), 1);
        const alignment = tf.sum(tf.square(tf.sub(1, own)));
        const redundancy = tf.sum(tf.square(offDiagonal(correlation)));
        const loss = tf.mul(tf.add(alignment, tf.mul(redundancy, redundancyWeight)), scale);
        return { loss, metrics: { alignment, redundancy }, embeddings };
      },
    };
  },
});
