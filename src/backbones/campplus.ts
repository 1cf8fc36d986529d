import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  convLayer,
  defineBackbone,
  denseLayer,
  gated,
  type Layer,
  maskTime,
  normalisedConv,
  relu,
  type Scope,
  segmentMeans,
  stridedPass,
  type Tensor,
  tf,
  timeConvLayer,
  timeMean,
  z,
} from '../index.js';

/** Frequency strides of the residual blocks. */
const BLOCK_STRIDES = [2, 1, 2, 1];
/** Dilation of the convolutions in each dense block. */
const DILATIONS = [1, 2, 2];
/** Frames of a segment of the context mask. */
const SEGMENT = 100;

const count = z.number().int().positive();

/** Channels of the parts, in proportion to one another. */
interface Widths {
  /** Of the two-dimensional front. */
  front: number;
  /** Of the layer behind it, and of the hidden layer in a dense layer. */
  hidden: number;
  /** Added by each dense layer. */
  growth: number;
}

/**
 * CAM++: a small residual network over time and frequency in front of a densely connected TDNN, each of whose layers is masked
 * by the context of its utterance and of its 100-frame segment; statistics pooling, a linear embedding, normalised. 7,176,224
 * parameters at 80 bins and 512 dimensions.
 *
 * H. Wang, S. Zheng, Y. Chen, L. Cheng, Q. Chen, "CAM++: A Fast and Efficient Network for Speaker Verification Using Context-Aware
 * Masking", Interspeech 2023, arXiv:2303.00332.
 */
export default defineBackbone({
  name: 'campplus',
  summary: 'CAM++: densely connected TDNN with context-aware masking (7.18 M parameters).',
  options: z.strictObject({
    ...backboneOptions({ width: 128, embeddingSize: 512 }),
    width: z.number().int().positive().multipleOf(4).default(128).describe('channels of the first time convolution'),
    layers: z.tuple([count, count, count]).default([12, 24, 16]).describe('layers in the three dense blocks'),
  }),
  build({ scope, bins, options: { width, layers, embeddingSize, checkpointing }, pooling }) {
    const wrap = checkpointing ? checkpointed : (layer: Layer) => layer;
    const widths = { front: width / 4, hidden: width, growth: width / 4 };
    const front = convolutionalFront(scope.child('front'), widths.front, wrap);
    const first = { inputs: widths.front * front.rows(bins), outputs: width, kernel: 5, stride: 2 };
    const at = scope.child('reduce');
    const reduce = normalisedConv(timeConvLayer(at.child('conv'), first), batchNormLayer(at.child('norm'), width));
    const dense = denseBlocks(scope, layers, widths, wrap);
    const norm = batchNormLayer(scope.child('norm'), dense.channels);
    const { size, pool } = pooling(scope.child('pooling'), dense.channels);
    const embedding = denseLayer(scope.child('embedding'), { inputs: size, outputs: embeddingSize, bias: false });
    const embeddingNorm = batchNormLayer(scope.child('embedding-norm'), embeddingSize, { affine: false });
    return {
      embeddingSize,
      minFrames: first.stride,
      embed(features, pass) {
        const map = front.layer(tf.expandDims(features, 3), pass);
        const flat = tf.reshape(map, [map.shape[0], map.shape[1]!, first.inputs]);
        const at = stridedPass(pass, first.stride);
        const x = dense.layer(relu(reduce(flat, at)), at);
        return embeddingNorm(embedding(pool(relu(norm(x, at)), at)), pass);
      },
    };
  },
});

type Wrap = (layer: Layer) => Layer;

/** Four residual blocks between two convolutions; time stays, frequency is halved three times. */
function convolutionalFront(scope: Scope, channels: number, wrap: Wrap): { layer: Layer; rows(bins: number): number } {
  const layers = [
    convUnit(scope.child('first'), { inputs: 1, outputs: channels }),
    ...BLOCK_STRIDES.map((stride, i) => wrap(residualBlock(scope.child(`block${i + 1}`), channels, stride))),
    convUnit(scope.child('last'), { inputs: channels, outputs: channels, stride: 2 }),
  ];
  return {
    layer: (x, pass) => layers.reduce((x, layer) => layer(x, pass), x),
    rows: (bins) => Math.ceil(bins / 8),
  };
}

/** 3x3 convolution with a stride in frequency, normalisation, rectifier. */
function convUnit(scope: Scope, shape: { inputs: number; outputs: number; stride?: number }): Layer {
  const { stride = 1, ...channels } = shape;
  const conv = convLayer(scope.child('conv'), { ...channels, kernel: [3, 3], stride: [1, stride] });
  const both = normalisedConv(conv, batchNormLayer(scope.child('norm'), shape.outputs));
  return (x, pass) => maskTime(relu(both(x, pass)), pass);
}

/** Two 3x3 convolutions and a shortcut, projected where the frequency stride is not 1. */
function residualBlock(scope: Scope, channels: number, stride: number): Layer {
  const both = { inputs: channels, outputs: channels };
  const first = convUnit(scope.child('first'), { ...both, stride });
  const conv = convLayer(scope.child('conv'), { ...both, kernel: [3, 3] });
  const second = normalisedConv(conv, batchNormLayer(scope.child('norm'), channels));
  const shortcut = stride === 1 ? undefined : projection(scope.child('shortcut'), channels, stride);
  return (x, pass) => maskTime(relu(tf.add(second(first(x, pass), pass), shortcut ? shortcut(x, pass) : x)), pass);
}

function projection(scope: Scope, channels: number, stride: number): Layer {
  const shape = { inputs: channels, outputs: channels, stride: [1, stride] as [number, number] };
  const conv = convLayer(scope.child('conv'), { ...shape, kernel: [1, 1] });
  return normalisedConv(conv, batchNormLayer(scope.child('norm'), channels));
}

/** The densely connected blocks, after each of which a 1x1 convolution halves the channels. */
function denseBlocks(scope: Scope, counts: number[], widths: Widths, wrap: Wrap): { layer: Layer; channels: number } {
  let channels = widths.hidden;
  const layers = counts.flatMap((count, b) => {
    const block = scope.child(`dense${b + 1}`);
    const added = Array.from({ length: count }, (_, i) => {
      const layer = wrap(denseTimeLayer(block.child(`layer${i + 1}`), channels, DILATIONS[b], widths));
      channels += widths.growth;
      return layer;
    });
    const half = Math.floor(channels / 2);
    const halve = wrap(normedConv(block.child('halve'), channels, half));
    channels = half;
    return [...added, halve];
  });
  return { channels, layer: (x, pass) => layers.reduce((x, layer) => layer(x, pass), x) };
}

/** Appends `growth` masked channels to its input's. */
function denseTimeLayer(scope: Scope, inputs: number, dilation: number, { hidden, growth }: Widths): Layer {
  const narrow = normedConv(scope.child('narrow'), inputs, hidden, scope.child('norm'));
  const local = timeConvLayer(scope.child('local'), { inputs: hidden, outputs: growth, kernel: 3, dilation });
  const mask = contextMask(scope.child('mask'), hidden, growth);
  return (x, pass) => {
    const h = maskTime(relu(narrow(x, pass)), pass);
    return tf.concat([x, gated(local(h), mask(h, pass))], 2);
  };
}

/**
 * Normalisation, rectifier, 1x1 convolution over time, and the normalisation `behind` it, if there is one. It sees one frame at a time, so
 * what is in the frames beyond a row's length does not matter.
 */
function normedConv(scope: Scope, inputs: number, outputs: number, behind?: Scope): Layer {
  const norm = batchNormLayer(scope.child('norm'), inputs);
  const conv = timeConvLayer(scope.child('conv'), { inputs, outputs, kernel: 1 });
  const last: Layer = behind ? normalisedConv(conv, batchNormLayer(behind, outputs)) : conv;
  return (x, pass) => last(relu(norm(x, pass)), pass);
}

/** Weights between 0 and 1 for each frame [batch, time, outputs], from the means of its utterance and of its segment. */
function contextMask(scope: Scope, inputs: number, outputs: number): Layer {
  const squeeze = timeConvLayer(scope.child('squeeze'), { inputs, outputs: inputs / 2, kernel: 1, bias: true });
  const excite = timeConvLayer(scope.child('excite'), { inputs: inputs / 2, outputs, kernel: 1, bias: true });
  return (x, pass) => {
    const context: Tensor = tf.add(tf.expandDims(timeMean(x, pass), 1), segmentMeans(x, SEGMENT, pass));
    // A mask for each segment, [batch, segments, outputs], then repeated for its frames.
    const masks = tf.sigmoid(excite(relu(squeeze(context))));
    const [batch, segments] = context.shape as [number, number];
    const repeated = tf.tile(tf.expandDims(masks, 2), [1, 1, SEGMENT, 1]);
    const frames = tf.reshape(repeated, [batch, segments * SEGMENT, outputs]);
    return tf.slice(frames, [0, 0, 0], [batch, x.shape[1]!, outputs]);
  };
}
