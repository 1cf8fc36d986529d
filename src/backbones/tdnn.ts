import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  denseLayer,
  type Layer,
  maskTime,
  relu,
  timeConvLayer,
  z,
} from '../index.js';

/** Kernel and dilation of each layer: together they see 23 frames. */
const CONTEXTS = [
  { kernel: 5, dilation: 1 },
  { kernel: 3, dilation: 2 },
  { kernel: 3, dilation: 3 },
  { kernel: 3, dilation: 4 },
];

const ATTENTIVE = { name: 'astp', norm: true };
const common = backboneOptions({ width: 256, embeddingSize: 128, pooling: ATTENTIVE });

/** Names that poolings had before they were plugins: models on disk still use them. */
const OLD_POOLINGS: Record<string, unknown> = { attentive: ATTENTIVE, statistics: 'tstp' };
const currentPooling = (pooling: unknown): unknown => (typeof pooling === 'string' && OLD_POOLINGS[pooling]) || pooling;

/**
 * A small time-delay network: four convolutions over time, pooling, one linear layer. For demonstrations and small corpora; the
 * x-vector (xvector.ts) is its big sister.
 */
export default defineBackbone({
  name: 'tdnn',
  summary: 'Small TDNN: four time convolutions, attentive statistics, a linear embedding.',
  options: z.strictObject({
    ...common,
    pooling: z.preprocess(currentPooling, common.pooling).prefault(ATTENTIVE),
    embeddingNorm: z
      .boolean()
      .default(true)
      .describe('normalise the embedding over the batch, which centres it for cosine scoring'),
  }),
  build({ scope, bins, options: { width, embeddingSize, embeddingNorm, checkpointing }, pooling }) {
    const layers = CONTEXTS.map(({ kernel, dilation }, i) => {
      const at = scope.child(`layer${i + 1}`);
      const inputs = i === 0 ? bins : width;
      const conv = timeConvLayer(at.child('conv'), { inputs, outputs: width, kernel, dilation });
      const norm = batchNormLayer(at.child('norm'), width);
      const layer: Layer = (x, pass) => maskTime(norm(relu(conv(x)), pass), pass);
      return checkpointing ? checkpointed(layer) : layer;
    });
    const { size, pool } = pooling(scope.child('pooling'), width);
    const poolNorm = batchNormLayer(scope.child('pooling-norm'), size);
    const embedding = denseLayer(scope.child('embedding'), {
      inputs: size,
      outputs: embeddingSize,
      // The normalisation would cancel a bias, while the optimizer pushed it about by rounding errors.
      bias: !embeddingNorm,
    });
    const embeddingNormLayer = embeddingNorm
      ? batchNormLayer(scope.child('embedding-norm'), embeddingSize, { affine: false })
      : undefined;
    return {
      embeddingSize,
      layers: Object.fromEntries(layers.map((_, i) => [`layer${i + 1}`, { size: width, of: 'frames' }])),
      embed(features, pass) {
        let x = features;
        for (const [i, layer] of layers.entries()) {
          x = layer(x, pass);
          pass.tap?.(`layer${i + 1}`, x);
        }
        const vector = embedding(poolNorm(pool(x, pass), pass));
        return embeddingNormLayer ? embeddingNormLayer(vector, pass) : vector;
      },
    };
  },
});
