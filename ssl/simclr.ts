import {
  contrast,
  defineSsl,
  learnedScale,
  leastBatch,
  type Margin,
  marginOptions,
  projectionHead,
  type Scope,
  type Tensor,
  tf,
  unit,
  z,
} from '../src/index.js';

const options = z.strictObject({
  loss: z
    .enum(['nt-xent', 'angular-prototypical'])
    .default('nt-xent')
    .describe(
      'angular-prototypical: first crops find second crops, with a learned scale and bias instead of the temperature',
    ),
  temperature: z.number().positive().default(0.07),
  margin: marginOptions.prefault({}),
  projection: z
    .array(z.number().int().positive())
    .default([])
    .describe('sizes of the projection head, with a rectifier in between; [] for none'),
});

/**
 * Contrastive learning with two crops of each utterance (Chen et al. 2020); or, with the angular prototypical loss of Chung et al.
 * 2020 at two utterances a speaker, stage I of loss-gated learning (Tao et al. 2022). The defaults are WeSpeaker's.
 */
export default defineSsl({
  name: 'simclr',
  summary:
    'Two crops of an utterance find each other in the batch: NT-Xent (Chen et al. 2020) or angular prototypical.',
  options,
  views: () => ({ global: 2, local: 0 }),
  check: (_, { batch }) => leastBatch(batch, 2, 'simclr: negatives are the other utterances of a batch; it needs'),
  build({ options: { loss, temperature, margin, projection }, backbone, scope }) {
    const network = backbone('network');
    const headScope = scope('projection');
    const project = projectionHead(headScope, { inputs: network.embeddingSize, sizes: projection, norm: false });
    const scaleScope = scope('scale');
    const contrastOf = loss === 'nt-xent' ? ntXent(temperature, margin) : angularPrototypical(scaleScope, margin);
    return {
      trained: [network.scope, headScope, scaleScope].flatMap((part) => part.params()),
      networks: { student: network },
      loss({ global, batch }) {
        const embeddings = network.embed(global, { training: true });
        const { loss, accuracy } = contrastOf(unit(project(embeddings), 1), batch);
        return { loss, metrics: { accuracy }, embeddings };
      },
    };
  },
});

/**
 * The normalised temperature-scaled cross-entropy of `z` [2 batch, size], unit rows, crop-major: each row must find its other
 * crop among the 2 batch - 1 other rows.
 */
const ntXent = (temperature: number, margin: Margin) => (z: Tensor, batch: number) => {
  const rows = 2 * batch;
  // No row is a candidate of its own.
  const cosines = tf.sub(tf.matMul(z, z, false, true), tf.mul(tf.eye(rows), 1e9));
  const partners = Array.from({ length: rows }, (_, row) => (row + batch) % rows);
  return contrast(cosines, partners, { margin, scale: (moved) => tf.div(moved, temperature) });
};

/** Each first crop must find its second one among those of the batch, by logits w cos + b with w (above 0) and b learned. */
function angularPrototypical(scope: Scope, margin: Margin) {
  const scale = learnedScale(scope);
  return (z: Tensor, batch: number) => {
    const [first, second] = tf.split(z, 2, 0);
    const cosines = tf.matMul(first, second, false, true);
    return contrast(cosines, [...Array(batch).keys()], { margin, scale });
  };
}
