import {
  crossCorrelation,
  defineSsl,
  leastBatch,
  offDiagonal,
  projectionHead,
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
  redundancyWeight: z
    .number()
    .nonnegative()
    .default(0.005)
    .describe('lambda, the weight of the squared correlations off the diagonal'),
  scale: z.number().positive().default(0.025).describe('of the whole loss, which sums over all pairs of dimensions'),
});

/**
 * Barlow Twins: the cross-correlation of the two crops' projections is drawn to the identity.
 *
 * J. Zbontar, L. Jing, I. Misra, Y. LeCun, S. Deny, "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", ICML 2021,
 * arXiv:2103.03230. Defaults are those that sslsv (Lepage and Dehak) publishes for speakers.
 */
export default defineSsl({
  name: 'barlow-twins',
  summary: 'The cross-correlation of two crops is drawn to the identity (Zbontar et al. 2021).',
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'barlow-twins: correlations over a batch need'),
  build({ options: { projection, redundancyWeight, scale }, backbone, scope }) {
    const network = backbone('network');
    const projectorScope = scope('projection');
    const projector = projectionHead(projectorScope, { inputs: network.embeddingSize, sizes: projection });
    return {
      trained: [...network.scope.params(), ...projectorScope.params()],
      networks: { student: network },
      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        const [first, second] = tf.split(wholeBatchRows(projector(embeddings), 2), 2, 0);
        const correlation = crossCorrelation(first, second); // [size, size]
        const diagonal = tf.sum(tf.mul(correlation, tf.eye(correlation.shape[0]!)), 1);
        const alignment = tf.sum(tf.square(tf.sub(1, diagonal)));
        const redundancy = tf.sum(tf.square(offDiagonal(correlation)));
        const loss = tf.mul(tf.add(alignment, tf.mul(redundancy, redundancyWeight)), scale);
        return { loss, metrics: { alignment, redundancy }, embeddings };
      },
    };
  },
});
