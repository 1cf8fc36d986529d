import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  depthwiseTimeConvLayer,
  type Layer,
  maskTime,
  relu,
  type Scope,
  stridedPass,
  type Tensor,
  tf,
  timeConvLayer,
  z,
} from '../index.js';
import { normalisedHead } from './blocks/ends.js';
import { squeezeExcitation } from './ecapa.js';

/** Dilations of the three blocks. */
const DILATIONS = [2, 3, 4];
/** Groups of channels in a block's multi-scale convolution. */
const SCALE = 8;
/** Behind the first layer there is one frame for two. */
const STRIDE = 2;

/**
 * ECAPA-TDNNLite: ECAPA-TDNN of 144 channels at half the frame rate, whose multi-scale convolutions see each channel by itself and then
 * mix a group's channels. 299,292 parameters (1.2 MB) at 80 bins and 192 dimensions, 11.6 million multiply-adds for a second of audio.
 * Channels, stride and groups are the paper's; the widths of the other layers are chosen to meet its size and its 11.6 M.
 *
 * Q. Lin, L. Yang, X. Wang, X. Qin, J. Wang, M. Li, "Towards Lightweight Applications: Asymmetric Enroll-Verify Structure for Speaker
 * Verification", ICASSP 2022, arXiv:2110.04438.
 */
export default defineBackbone({
  name: 'ecapa-lite',
  summary: 'ECAPA-TDNNLite: 144 channels at half the frame rate, convolutions by channel (0.30 M parameters, 1.2 MB).',
  options: z.strictObject({
    ...backboneOptions({ width: 144, embeddingSize: 192, pooling: { name: 'astp', bottleneck: 48 } }),
    width: z.number().int().positive().multipleOf(SCALE).default(144).describe('channels of the blocks'),
    aggregated: z.number().int().positive().default(80).describe('channels before the pooling'),
    squeezed: z.number().int().positive().default(36).describe('hidden units of the squeeze-excitation'),
  }),
  build({ scope, bins, options, pooling }) {
    const { width, embeddingSize, aggregated, squeezed, checkpointing } = options;
    const wrap = checkpointing ? checkpointed : (layer: Layer) => layer;
    const stem = { inputs: bins, outputs: width, kernel: 5, stride: STRIDE };
    const first = wrap(rectified(scope.child('first'), timeConvLayer(scope.child('first/conv'), stem), width));
    const blocks = DILATIONS.map((dilation, i) =>
      wrap(block(scope.child(`block${i + 1}`), { width, dilation, squeezed })),
    );
    const together = { inputs: DILATIONS.length * width, outputs: aggregated, kernel: 1, bias: true };
    const aggregate = timeConvLayer(scope.child('aggregate'), together);
    const head = normalisedHead({ scope, pooling }, { inputs: aggregated, outputs: embeddingSize });
    return {
      embeddingSize,
      layers: Object.fromEntries(blocks.map((_, i) => [`block${i + 1}`, { size: width, of: 'frames' }])),
      embed(features, pass) {
        const at = stridedPass(pass, STRIDE);
        const outputs: Tensor[] = [];
        let x = first(features, at);
        for (const [i, layer] of blocks.entries()) {
          x = layer(x, at);
          pass.tap?.(`block${i + 1}`, x);
          outputs.push(x);
        }
        return head(relu(aggregate(tf.concat(outputs, 2))), at, pass);
      },
    };
  },
});

/** A layer over time, rectifier, normalisation; `pass` is that of its output. */
function rectified(scope: Scope, layer: (x: Tensor) => Tensor, channels: number): Layer {
  const norm = batchNormLayer(scope.child('norm'), channels);
  return (x, pass) => maskTime(norm(relu(layer(x)), pass), pass);
}

interface BlockShape {
  width: number;
  dilation: number;
}

/** x + SE(conv(Res2(conv(x)))). */
function block(scope: Scope, { squeezed, ...shape }: BlockShape & { squeezed: number }): Layer {
  const { width } = shape;
  const mix = (name: string) =>
    rectified(
      scope.child(name),
      timeConvLayer(scope.child(`${name}/conv`), { inputs: width, outputs: width, kernel: 1, bias: true }),
      width,
    );
  const before = mix('before');
  const middle = res2(scope.child('res2'), shape);
  const after = mix('after');
  const excite = squeezeExcitation(scope.child('se'), width, squeezed);
  return (x, pass) => tf.add(x, excite(after(middle(before(x, pass), pass), pass), pass));
}

/** ECAPA-TDNN's groups of channels, each after the first seeing the one before it too, the last unchanged; convolutions are separable. */
function res2(scope: Scope, { width, dilation }: BlockShape): Layer {
  const channels = width / SCALE;
  const units = Array.from({ length: SCALE - 1 }, (_, i) => {
    const at = scope.child(`group${i + 1}`);
    const time = depthwiseTimeConvLayer(at.child('time'), { channels, kernel: 3, dilation });
    const mixed = { inputs: channels, outputs: channels, kernel: 1, bias: true };
    const channel = timeConvLayer(at.child('channel'), mixed);
    return rectified(at, (x) => channel(time(x)), channels);
  });
  return (x, pass) => {
    const groups = tf.split(x, SCALE, 2);
    const outputs: Tensor[] = [];
    for (const [i, unit] of units.entries())
      outputs.push(unit(i === 0 ? groups[0] : tf.add(outputs[i - 1], groups[i]), pass));
    outputs.push(groups[SCALE - 1]);
    return tf.concat(outputs, 2);
  };
}
