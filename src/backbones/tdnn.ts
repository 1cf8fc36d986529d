import {
  backboneOptions,
  batchNormLayer,
  bothMoments,
  checkpointed,
  defineBackbone,
  denseLayer,
  type Layer,
  maskTime,
  type Pass,
  relu,
  type Tensor,
  tf,
  timeConvLayer,
  timeMoments,
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
 *
 * Levels: Tang et al., Deep Speaker Embedding Learning with Multi-Level Pooling for Text-Independent Speaker Verification, 2019,
 * arXiv:1902.07821.
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
    levels: z
      .array(z.int().min(0).max(CONTEXTS.length))
      .default([])
      .describe('layers whose mean and deviation over time join the pooled output; 0: the deviation of the features'),
  }),
  build({ scope, bins, options: { width, embeddingSize, embeddingNorm, levels, checkpointing }, pooling }) {
    const layers = CONTEXTS.map(({ kernel, dilation }, i) => {
      const at = scope.child(`layer${i + 1}`);
      const inputs = i === 0 ? bins : width;
      const conv = timeConvLayer(at.child('conv'), { inputs, outputs: width, kernel, dilation });
      const norm = batchNormLayer(at.child('norm'), width);
      const layer: Layer = (x, pass) => maskTime(norm(relu(conv(x)), pass), pass);
      return checkpointing ? checkpointed(layer) : layer;
    });
    const { size, pool } = pooling(scope.child('pooling'), width);
    const pooledSize = levels.reduce((sum, level) => sum + (level === 0 ? bins : 2 * width), size);
    const poolNorm = batchNormLayer(scope.child('pooling-norm'), pooledSize);
    const embedding = denseLayer(scope.child('embedding'), {
      inputs: pooledSize,
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
        const outputs = [features];
        for (const [i, layer] of layers.entries()) {
          x = layer(x, pass);
          outputs.push(x);
          pass.tap?.(`layer${i + 1}`, x);
        }
        const pooled = levels.map((level) => levelMoments(outputs[level], level, pass));
        pooled.push(pool(x, pass));
        const vector = embedding(poolNorm(pooled.length === 1 ? pooled[0] : tf.concat(pooled, 1), pass));
        return embeddingNormLayer ? embeddingNormLayer(vector, pass) : vector;
      },
    };
  },
});

/** [batch, frames, size] to [batch, 2 x size]; of the features, whose mean over time was subtracted, the deviation alone. */
function levelMoments(output: Tensor, level: number, pass: Pass): Tensor {
  const moments = timeMoments(output, pass);
  return level === 0 ? moments.deviation : bothMoments(moments);
}
