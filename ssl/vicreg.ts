import {
  covariancePenalty,
  defineSsl,
  leastBatch,
  projectionHead,
  spreadShortfall,
  type Tensor,
  tf,
  z,
} from '../src/index.js';

const options = z.strictObject({
  projection: z
    .array(z.number().int().positive())
    .default([2048, 2048, 512])
    .describe('sizes of the projector, batch-normalised but for the last; [] for none'),
  invarianceWeight: z.number().nonnegative().default(1).describe('the paper: 25'),
  varianceWeight: z.number().nonnegative().default(1).describe('the paper: 25'),
  covarianceWeight: z.number().nonnegative().default(0.1).describe('the paper: 1'),
});

/**
 * Variance-invariance-covariance regularisation (Bardes et al. 2022): no negatives, no teacher. The defaults are those that sslsv
 * (Lepage and Dehak) publishes for speakers.
 */
export default defineSsl({
  name: 'vicreg',
  summary: 'Crops agree, dimensions vary and do not repeat each other (Bardes et al. 2022).',
  options,
  views: () => ({ global: 2, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'vicreg: variances over a batch need'),
  build({ options, backbone, scope }) {
    const network = backbone('network');
    const headScope = scope('projection');
    const project = projectionHead(headScope, { inputs: network.embeddingSize, sizes: options.projection });
    return {
      trained: [...network.scope.params(), ...headScope.params()],
      networks: { student: network },
      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const crops = tf.split(project(embeddings), 2, 0);
        const invariance = tf.mean(tf.square(tf.sub(crops[0], crops[1])));
        const variance = tf.addN(crops.map((crop) => spreadShortfall(crop)));
        const covariance = tf.addN(crops.map(covariancePenalty));
        const terms: [weight: number, term: Tensor][] = [
          [options.invarianceWeight, invariance],
          [options.varianceWeight, variance],
          [options.covarianceWeight, covariance],
        ];
        const loss = tf.addN(terms.map(([weight, term]) => tf.mul(term, weight)));
        return { loss, metrics: { invariance, variance, covariance }, embeddings };
      },
    };
  },
});
