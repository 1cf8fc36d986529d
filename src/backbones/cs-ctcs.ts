import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  depthwiseTimeConvLayer,
  type Layer,
  maskTime,
  normalisedConv,
  type Pass,
  relu,
  type Scope,
  stridedPass,
  type Tensor,
  tf,
  timeConvLayer,
  z,
} from '../index.js';
import { normalisedHead } from './blocks/ends.js';

/** Frames that the first layer sees, and the modules of each block. */
const FIRST_KERNEL = 5;
const KERNELS = [3, 5, 7, 9, 11];
/** Modules of a block. */
const MODULES = 2;
/** Behind the first layer there is one frame for two. */
const STRIDE = 2;

/**
 * A network of channel-split, time-channel-time separable convolutions over time: every module leaves half of the channels as they are;
 * the others go through a convolution by channel, one that mixes them, and one by channel again; then the halves are interleaved. Two
 * modules and what goes past them make a block, as in QuartzNet, and five blocks of growing kernels the network. 239,440 parameters
 * (0.96 MB) at 80 bins and 192 dimensions. The module is the paper's; widths, kernels and blocks are chosen to meet its size.
 *
 * L. Cai, Y. Yang, X. Chen, W. Tu, H. Chen, "CS-CTCSConv1d: Small footprint speaker verification with channel split time-channel-time
 * separable 1-dimensional convolution", Interspeech 2022.
 */
export default defineBackbone({
  name: 'cs-ctcs',
  summary: 'Channel-split time-channel-time separable convolutions, CS-CTCSConv1d (0.24 M parameters, 0.96 MB).',
  options: z.strictObject({
    ...backboneOptions({ width: 192, embeddingSize: 192 }),
    width: z.number().int().positive().multipleOf(2).default(192).describe('channels of all layers'),
  }),
  build({ scope, bins, options: { width, embeddingSize, checkpointing }, pooling }) {
    const wrap = checkpointing ? checkpointed : (layer: Layer) => layer;
    const first = wrap(firstLayer(scope.child('first'), bins, width));
    const blocks = KERNELS.map((kernel, i) => wrap(block(scope.child(`block${i + 1}`), width, kernel)));
    const last = wrap(mixing(scope.child('last'), { inputs: width, outputs: width }));
    const head = normalisedHead({ scope, pooling }, { inputs: width, outputs: embeddingSize });
    return {
      embeddingSize,
      layers: Object.fromEntries(blocks.map((_, i) => [`block${i + 1}`, { size: width, of: 'frames' }])),
      embed(features, pass) {
        const at = stridedPass(pass, STRIDE);
        let x = first(features, at);
        for (const [i, layer] of blocks.entries()) {
          x = layer(x, at);
          pass.tap?.(`block${i + 1}`, x);
        }
        return head(last(x, at), at, pass);
      },
    };
  },
});

/** Features to channels: each bin over time by itself, then all of every second frame. */
function firstLayer(scope: Scope, bins: number, width: number): Layer {
  const time = depthwiseTimeConvLayer(scope.child('time'), { channels: bins, kernel: FIRST_KERNEL });
  const channel = mixing(scope, { inputs: bins, outputs: width, stride: STRIDE });
  return (x, pass) => channel(time(x), pass);
}

/** All channels of a frame, normalised and rectified; `pass` is that of the output. */
function mixing(scope: Scope, sizes: { inputs: number; outputs: number; stride?: number }): Layer {
  const conv = timeConvLayer(scope.child('channel'), { ...sizes, kernel: 1 });
  const layer = normalisedConv(conv, batchNormLayer(scope.child('channel-norm'), sizes.outputs));
  return (x, pass) => maskTime(relu(layer(x, pass)), pass);
}

/** relu(x + modules(x)). */
function block(scope: Scope, width: number, kernel: number): Layer {
  const modules = Array.from({ length: MODULES }, (_, i) => splitModule(scope.child(`module${i + 1}`), width, kernel));
  return (x, pass) =>
    relu(
      tf.add(
        x,
        modules.reduce((map, layer) => layer(map, pass), x),
      ),
    );
}

/** Half of the channels as they are, the others over time, among each other and over time again; then interleaved. */
function splitModule(scope: Scope, width: number, kernel: number): Layer {
  const channels = width / 2;
  const before = byChannel(scope.child('before'), { channels, kernel });
  const mix = mixing(scope, { inputs: channels, outputs: channels });
  const after = byChannel(scope.child('after'), { channels, kernel });
  return (x, pass) => {
    const [kept, changed] = tf.split(x, 2, 2) as [Tensor, Tensor];
    return interleaved(kept, relu(after(mix(before(changed, pass), pass), pass)));
  };
}

/** Each channel over time by itself, normalised. */
function byChannel(scope: Scope, shape: { channels: number; kernel: number }): Layer {
  const norm = batchNormLayer(scope.child('norm'), shape.channels);
  const layer = normalisedConv(depthwiseTimeConvLayer(scope.child('conv'), shape), norm);
  return (x, pass: Pass) => maskTime(layer(x, pass), pass);
}

/** The channels of both maps in turn, so that a later split takes some of each. */
function interleaved(a: Tensor, b: Tensor): Tensor {
  const [batch, frames, channels] = a.shape as [number, number, number];
  return tf.reshape(tf.stack([a, b], 3), [batch, frames, 2 * channels]);
}
