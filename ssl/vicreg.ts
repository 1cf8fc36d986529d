import {
  covariancePenalty,
  defineSsl,
  leastBatch,
  projectionHead,
  spreadShortfall,
  tf,
  wholeBatchRows,
  z,
} from '../src/index.js';
import { projectionSizes } from './parts/projection.js';

const options = z.strictObject({
  projection: projectionSizes(
    [2048, 2048, 512],
    'sizes of the projector, batch-normalised except for the last; [] for none',
  ),
  invarianceWeight: z.number().nonnegative().default(1).describe('lambda; the paper: 25'),
  varianceWeight: z.number().nonnegative().default(1).describe('mu; the paper: 25'),
  covarianceWeight: z.number().nonnegative().default(0.1).describe('nu; the paper: 1'),
});

/**
 * VICReg: the two crops' projections agree (invariance), every dimension varies over the batch (variance), and no two dimensions
 * repeat each other (covariance). No negatives, no teacher.
 *
 * A. Bardes, J. Ponce, Y. LeCun, "VICReg: Variance-Invariance-Covariance Regularization for Self-Supervised Learning", ICLR 2022,
 * arXiv:2105.04906. Defaults are those that sslsv (Lepage and Dehak) publishes for speakers.
 */
export default defineSsl({
  name: 'vicreg',
  summary: 'Crops agree, dimensions vary and do not repeat each other (Bardes et al. 2022).',
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'vicreg: variances over a batch need'),
  build({ options: { projection, invarianceWeight, varianceWeight, covarianceWeight }, backbone, scope }) {
    const network = backbone('network');
    const projectorScope = scope('projection');
    const projector = projectionHead(projectorScope, { inputs: network.embeddingSize, sizes: projection });
    return {
      trained: [...network.scope.params(), ...projectorScope.params()],
      networks: { student: network },
      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const crops = tf.split(wholeBatchRows(projector(embeddings), 2), 2, 0); // each [whole batch, size]
        const invariance = tf.mean(tf.square(tf.sub(crops[0], crops[1])));
        const variance = tf.addN(crops.map((crop) => spreadShortfall(crop)));
        const covariance = tf.addN(crops.map(covariancePenalty));
        const loss = tf.addN([
          tf.mul(invariance, invarianceWeight),
          tf.mul(variance, varianceWeight),
          tf.mul(covariance, covarianceWeight),
        ]);
        return { loss, metrics: { invariance, variance, covariance }, embeddings };
      },
    };
  },
});
