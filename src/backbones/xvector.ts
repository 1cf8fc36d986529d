import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  denseLayer,
  type Layer,
  maskTime,
  type Pass,
  relu,
  type Scope,
  shortenedPass,
  type Tensor,
  type TimeConvOptions,
  tf,
  timeConvLayer,
  z,
} from '../index.js';

/** Kernel and dilation of the frame-level layers. */
const CONTEXTS = [
  { kernel: 5, dilation: 1 },
  { kernel: 3, dilation: 2 },
  { kernel: 3, dilation: 3 },
  { kernel: 1, dilation: 1 },
  { kernel: 1, dilation: 1 },
];
/** Frames that a convolution takes and does not give. */
const lostBy = ({ kernel, dilation }: { kernel: number; dilation: number }) => dilation * (kernel - 1);
/** Frames that all of them see together. */
const CONTEXT = 1 + CONTEXTS.reduce((sum, context) => sum + lostBy(context), 0);

/** Channels of the last frame-level layer in terms of the others'. */
const LAST_LAYER = 1500 / 512;

/**
 * The x-vector network: five time convolutions, pooling, two segment-level layers; rectifier, then normalisation without scale
 * and offset, as in Kaldi. The embedding is the second segment-level layer's affine output, as in WeSpeaker. The convolutions see 15
 * frames together, and 14 fewer come out of them than go in; what is shorter is followed by zeros. 4,508,124 parameters at 40 bins,
 * 4,610,524 at 80.
 *
 * D. Snyder, D. Garcia-Romero, G. Sell, D. Povey, S. Khudanpur, "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
 * 2018, doi:10.1109/ICASSP.2018.8461375.
 */
export default defineBackbone({
  name: 'xvector',
  summary: 'x-vector TDNN: five time convolutions, statistics pooling, two segment layers (4.61 M parameters).',
  options: z.strictObject({
    ...backboneOptions({ width: 512, embeddingSize: 512 }),
    padding: z
      .enum(['valid', 'same'])
      .default('valid')
      .describe(
        '`same` adds zeros at both ends of every convolution, as earlier versions of voxloop did, instead of losing 14 frames',
      ),
    lastWidth: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('channels of the last frame-level layer; default: 1500 where the others have 512, and in proportion'),
    segmentLayers: z
      .union([z.literal(1), z.literal(2)])
      .default(2)
      .describe('1: the embedding is a linear map of the pooled statistics, as in small students'),
  }),
  // Before there was a choice, convolutions were padded.
  upgrade: (options) => ({ padding: 'same', ...options }),
  build({ scope, bins, options, pooling }) {
    const { width, embeddingSize, checkpointing, padding } = options;
    const last = options.lastWidth ?? Math.max(1, Math.round(LAST_LAYER * width));
    const sizes = [bins, ...CONTEXTS.map((_, i) => (i === CONTEXTS.length - 1 ? last : width))];
    const frames = CONTEXTS.map((context, i) => {
      const shape = { ...context, padding, inputs: sizes[i], outputs: sizes[i + 1] };
      const { layer, lost } = frameLayer(scope.child(`frame${i + 1}`), shape);
      return { layer: checkpointing ? checkpointed(layer) : layer, lost };
    });
    const { size, pool } = pooling(scope.child('pooling'), last);
    const segments = segmentLayers(scope, { inputs: size, outputs: embeddingSize, count: options.segmentLayers });
    return {
      embeddingSize,
      minFrames: padding === 'valid' ? CONTEXT : 1,
      layers: {
        ...Object.fromEntries(frames.map((_, i) => [`frame${i + 1}`, { size: sizes[i + 1], of: 'frames' as const }])),
        ...(options.segmentLayers === 2 && { segment1: { size: embeddingSize, of: 'utterance' as const } }),
      },
      embed(features, pass) {
        let [x, at] = padding === 'valid' ? filledUp(features, pass) : [features, pass];
        for (const [i, { layer, lost }] of frames.entries()) {
          x = layer(x, at);
          at = shortenedPass(at, lost);
          pass.tap?.(`frame${i + 1}`, x, at);
        }
        return segments(pool(x, at), pass);
      },
    };
  },
});

/** The layers behind the pooling: affine, and where there are two, rectifier, normalisation and affine again. */
function segmentLayers(
  scope: Scope,
  { inputs, outputs, count }: { inputs: number; outputs: number; count: 1 | 2 },
): Layer {
  const segment1 = denseLayer(scope.child('segment1'), { inputs, outputs });
  if (count === 1) return segment1;
  const norm = batchNormLayer(scope.child('segment1-norm'), outputs, { affine: false });
  const segment2 = denseLayer(scope.child('segment2'), { inputs: outputs, outputs });
  return (pooled, pass) => {
    const x = segment1(pooled);
    pass.tap?.('segment1', x);
    return segment2(norm(relu(x), pass));
  };
}

interface FrameShape extends TimeConvOptions {
  dilation: number;
}

/** Convolution, rectifier, normalisation; and the frames that are lost in it. */
function frameLayer(scope: Scope, shape: FrameShape): { layer: Layer; lost: number } {
  const conv = timeConvLayer(scope.child('conv'), { ...shape, bias: true });
  const norm = batchNormLayer(scope.child('norm'), shape.outputs, { affine: false });
  const lost = shape.padding === 'valid' ? lostBy(shape) : 0;
  return { layer: (x, pass) => maskTime(norm(relu(conv(x)), pass), shortenedPass(pass, lost)), lost };
}

/** Zeros behind features of fewer frames than the convolutions see; they are masked where lengths are known. */
function filledUp(features: Tensor, pass: Pass): [Tensor, Pass] {
  const [batch, frames] = features.shape as [number, number];
  if (frames >= CONTEXT) return [features, pass];
  const x = tf.pad(features, [
    [0, 0],
    [0, CONTEXT - frames],
    [0, 0],
  ]);
  return [x, pass.lengths ? pass : { ...pass, lengths: tf.fill([batch], frames, 'int32') }];
}
