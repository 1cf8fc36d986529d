import {
  defineSsl,
  denseLayer,
  relu,
  type Scope,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tf,
  unit,
  z,
} from '../src/index.js';

const options = z.strictObject({
  temperature: z.number().positive().default(0.07),
  projection: z.number().int().nonnegative().default(0).describe('size of a 2-layer projection head; 0 for none'),
});

/** Contrastive learning with two crops of each utterance (Chen et al. 2020). */
export default defineSsl({
  name: 'simclr',
  summary: 'NT-Xent over two crops of an utterance (Chen et al. 2020).',
  options,
  views: () => ({ global: 2, local: 0 }),
  build({ options: { temperature, projection }, backbone, scope }) {
    const network = backbone('network');
    const headScope = scope('projection');
    const project = projection > 0 ? projectionHead(headScope, network.embeddingSize, projection) : (x: Tensor) => x;
    return {
      trained: [...network.scope.params(), ...headScope.params()],
      networks: { student: network },
      loss(views) {
        const embeddings = network.embed(views.global, { training: true });
        const { loss, accuracy } = ntXent(unit(project(embeddings), 1), views.batch, temperature);
        return { loss, metrics: { accuracy }, embeddings };
      },
    };
  },
});

/**
 * The normalised temperature-scaled cross-entropy of `z` [2 batch, size], unit rows, crop-major: each row must find its
 * other crop among the 2 batch - 1 other rows.
 */
function ntXent(z: Tensor, batch: number, temperature: number): { loss: Tensor; accuracy: Tensor } {
  const rows = 2 * batch;
  const similarity = tf.div(tf.matMul(z, z, false, true), temperature);
  const logits = tf.sub(similarity, tf.mul(tf.eye(rows), 1e9));
  const partners = Array.from({ length: rows }, (_, row) => (row + batch) % rows);
  const labels = tf.tensor1d(partners, 'int32');
  return {
    loss: tf.mean(sparseSoftmaxCrossEntropy(logits, labels)),
    accuracy: tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32')),
  };
}

function projectionHead(scope: Scope, inputs: number, outputs: number): (x: Tensor) => Tensor {
  const first = denseLayer(scope.child('layer1'), { inputs, outputs: inputs });
  const second = denseLayer(scope.child('layer2'), { inputs, outputs });
  return (x) => second(relu(first(x)));
}
