import {
  contrast,
  defineSsl,
  learnedScale,
  leastBatch,
  type Margin,
  marginOptions,
  projectionHead,
  refuseIdle,
  type Scope,
  type Tensor,
  tf,
  unit,
  wholeBatchRows,
  z,
} from '../src/index.js';
import { projectionSizes } from './parts/projection.js';

const fields = z.strictObject({
  loss: z
    .enum(['nt-xent', 'angular-prototypical'])
    .default('nt-xent')
    .describe(
      'angular-prototypical: first crops find second crops, with a learned scale and bias instead of the temperature',
    ),
  temperature: z.number().positive().optional().describe('nt-xent: default 0.07'),
  margin: marginOptions.prefault({}),
  projection: projectionSizes([], 'sizes of the projection head, with a rectifier in between; [] for none'),
});

const options = fields.superRefine(
  refuseIdle(({ loss, temperature }) => [
    [loss !== 'nt-xent' && temperature !== undefined, 'temperature', `has no effect with loss: ${loss}`],
  ]),
);

/**
 * SimCLR: two crops of an utterance must find each other among all crops of the batch.
 *
 * T. Chen, S. Kornblith, M. Norouzi, G. Hinton, "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020,
 * arXiv:2002.05709. Defaults are WeSpeaker's.
 *
 * `loss: angular-prototypical` is the loss of J. S. Chung et al., "In Defence of Metric Learning for Speaker Recognition", Interspeech
 * 2020, arXiv:2003.11982, at two utterances a speaker: stage I of R. Tao et al., "Self-Supervised Speaker Recognition with Loss-Gated
 * Learning", ICASSP 2022, arXiv:2110.03869.
 */
export default defineSsl({
  name: 'simclr',
  summary:
    'Two crops of an utterance find each other in the batch: NT-Xent (Chen et al. 2020) or angular prototypical.',
  options,
  views: () => ({ global: 2, local: 0 }),
  manyWorkers: true,
  check: (_, { batch }) => leastBatch(batch, 2, 'simclr: negatives are the other utterances of a batch; it needs'),
  build({ options, backbone, scope }) {
    const { temperature = 0.07, margin } = options;
    const network = backbone('network');
    const projectorScope = scope('projection');
    const sizes = options.projection;
    const projector = projectionHead(projectorScope, { inputs: network.embeddingSize, sizes, norm: false });
    const scaleScope = scope('scale');
    const contrastCrops =
      options.loss === 'nt-xent' ? ntXent(temperature, margin) : angularPrototypical(scaleScope, margin);
    return {
      trained: [network.scope, projectorScope, scaleScope].flatMap((part) => part.params()),
      networks: { student: network },
      loss({ global }) {
        const embeddings = network.embed(global, { training: true });
        // Negatives are all other crops of the batch, whichever worker has them.
        const projections = wholeBatchRows(unit(projector(embeddings), 1), 2);
        const { loss, accuracy } = contrastCrops(projections, projections.shape[0]! / 2);
        return { loss, metrics: { accuracy }, embeddings };
      },
    };
  },
});

/**
 * The normalised temperature-scaled cross-entropy of `projections` [2 batch, size], unit rows, crop-major: each row must find its
 * other crop among the 2 batch - 1 other rows.
 */
const ntXent = (temperature: number, margin: Margin) => (projections: Tensor, batch: number) => {
  const rows = 2 * batch;
  // A row is no candidate for itself.
  const cosines = tf.sub(tf.matMul(projections, projections, false, true), tf.mul(tf.eye(rows), 1e9));
  const positives = Array.from({ length: rows }, (_, row) => (row + batch) % rows);
  return contrast(cosines, positives, { margin, scale: (moved) => tf.div(moved, temperature) });
};

/**
 * Each first crop must find its second one among those of the batch, by logits w cos + b with w (above 0) and b learned.
 * `projections` [2 batch, size], unit rows, crop-major.
 */
function angularPrototypical(scope: Scope, margin: Margin) {
  const scale = learnedScale(scope);
  return (projections: Tensor, batch: number) => {
    const [first, second] = tf.split(projections, 2, 0);
    const cosines = tf.matMul(first, second, false, true); // [batch, batch]
    return contrast(cosines, [...Array(batch).keys()], { margin, scale });
  };
}
