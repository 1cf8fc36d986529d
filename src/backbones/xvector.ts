import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  denseLayer,
  type Layer,
  maskTime,
  relu,
  type Scope,
  timeConvLayer,
  z,
} from '../index.js';

/** Kernel and dilation of the frame-level layers: together they see 15 frames. */
const CONTEXTS = [
  { kernel: 5, dilation: 1 },
  { kernel: 3, dilation: 2 },
  { kernel: 3, dilation: 3 },
  { kernel: 1, dilation: 1 },
  { kernel: 1, dilation: 1 },
];

/** Channels of the last frame-level layer in terms of the others'. */
const LAST_LAYER = 1500 / 512;

/**
 * The x-vector network: five time convolutions, pooling, two segment-level layers; rectifier, then normalisation without scale
 * and offset, as in Kaldi. The embedding is the second segment-level layer's affine output. The convolutions pad and mask instead
 * of dropping the 14 frames at the ends. 4,508,124 parameters at 40 bins, 4,610,524 at 80.
 *
 * D. Snyder, D. Garcia-Romero, G. Sell, D. Povey, S. Khudanpur, "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
 * 2018, doi:10.1109/ICASSP.2018.8461375.
 */
export default defineBackbone({
  name: 'xvector',
  summary: 'x-vector TDNN: five time convolutions, statistics pooling, two segment layers (4.61 M parameters).',
  options: z.strictObject(backboneOptions({ width: 512, embeddingSize: 512 })),
  build({ scope, bins, options: { width, embeddingSize, checkpointing }, pooling }) {
    const last = Math.max(1, Math.round(LAST_LAYER * width));
    const sizes = [bins, ...CONTEXTS.map((_, i) => (i === CONTEXTS.length - 1 ? last : width))];
    const frames = CONTEXTS.map((context, i) => {
      const layer = frameLayer(scope.child(`frame${i + 1}`), { ...context, inputs: sizes[i], outputs: sizes[i + 1] });
      return checkpointing ? checkpointed(layer) : layer;
    });
    const { size, pool } = pooling(scope.child('pooling'), last);
    const segment1 = denseLayer(scope.child('segment1'), { inputs: size, outputs: embeddingSize });
    const norm = batchNormLayer(scope.child('segment1-norm'), embeddingSize, { affine: false });
    const segment2 = denseLayer(scope.child('segment2'), { inputs: embeddingSize, outputs: embeddingSize });
    return {
      embeddingSize,
      embed(features, pass) {
        const x = frames.reduce((x, layer) => layer(x, pass), features);
        return segment2(norm(relu(segment1(pool(x, pass))), pass));
      },
    };
  },
});

/** Convolution, rectifier, normalisation. */
function frameLayer(scope: Scope, shape: { inputs: number; outputs: number; kernel: number; dilation: number }): Layer {
  const conv = timeConvLayer(scope.child('conv'), { ...shape, bias: true });
  const norm = batchNormLayer(scope.child('norm'), shape.outputs, { affine: false });
  return (x, pass) => maskTime(norm(relu(conv(x)), pass), pass);
}
