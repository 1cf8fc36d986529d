import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  denseLayer,
  gated,
  type Layer,
  maskTime,
  mirroredTime,
  relu,
  type Scope,
  type Tensor,
  tf,
  timeConvLayer,
  timeMean,
  z,
} from '../index.js';

/** Dilations of the three blocks. */
const DILATIONS = [2, 3, 4];
/** Frames that the widest convolution sees on each side: what is mirrored has to be there. */
const MIRRORED_FRAMES = 4;
/** Groups of channels in a block's multi-scale convolution. */
const SCALE = 8;
/** Whose arrangement of the parts. */
type Arrangement = 'wespeaker' | 'speechbrain';

/** Channels of the layer before pooling, and hidden units of the squeeze-excitation, at the standard width. */
const AGGREGATED = 1536;
const SQUEEZED = 128;

/**
 * ECAPA-TDNN in WeSpeaker's layout: a time convolution, three SE-Res2 blocks, their outputs side by side through another layer,
 * attentive statistics, normalisation, a linear embedding. Parameters at 80 bins and 192 dimensions: 5,797,504 (512 channels),
 * 14,263,872 (1024), and with global context in the attention ("-glob") 6,190,720 and 14,657,088.
 *
 * B. Desplanques, J. Thienpondt, K. Demuynck, "ECAPA-TDNN: Emphasized Channel Attention, Propagation and Aggregation in TDNN Based
 * Speaker Verification", Interspeech 2020, arXiv:2005.07143.
 */
export default [512, 1024].flatMap((channels) => [ecapa(channels, false), ecapa(channels, true)]);

function ecapa(channels: number, globalContext: boolean) {
  const millions = (channels === 512 ? 5.8 : 14.26) + (globalContext ? 0.39 : 0);
  const common = backboneOptions({
    width: channels,
    embeddingSize: 192,
    pooling: globalContext ? { name: 'astp', globalContext } : 'astp',
  });
  return defineBackbone({
    name: `ecapa-${channels}${globalContext ? '-glob' : ''}`,
    summary: `ECAPA-TDNN of ${channels} channels${globalContext ? ', attention with global context' : ''} (${millions.toFixed(2)} M parameters).`,
    options: z.strictObject({
      ...common,
      ...ownOptions(channels),
    }),
    upgrade: upgradeNorm,
    build({ scope, bins, options, pooling }) {
      const { width, embeddingSize, embeddingNorm, checkpointing, arrangement } = options;
      const scaled = (units: number) => Math.max(1, Math.round((units * width) / channels));
      const wrap = checkpointing ? checkpointed : (layer: Layer) => layer;
      const first = wrap(convUnit(scope.child('first'), { inputs: bins, outputs: width, kernel: 5, arrangement }));
      const squeezed = options.squeezed ?? scaled(SQUEEZED);
      const blocks = DILATIONS.map((dilation, i) =>
        wrap(seRes2Block(scope.child(`block${i + 1}`), { width, dilation, squeezed, arrangement })),
      );
      const aggregated = options.aggregated ?? scaled(AGGREGATED);
      const aggregate = aggregation(scope, { inputs: DILATIONS.length * width, outputs: aggregated, arrangement });
      const { size, pool } = pooling(scope.child('pooling'), aggregated);
      const poolNorm = batchNormLayer(scope.child('pooling-norm'), size);
      // The normalisation would cancel a bias.
      const linear = { inputs: size, outputs: embeddingSize, bias: embeddingNorm === 'none' };
      const embedding = denseLayer(scope.child('embedding'), linear);
      const affine = embeddingNorm === 'affine';
      const norm =
        embeddingNorm === 'none' ? undefined : batchNormLayer(scope.child('embedding-norm'), embeddingSize, { affine });
      return {
        embeddingSize,
        minFrames: arrangement === 'speechbrain' ? MIRRORED_FRAMES + 1 : 1,
        layers: Object.fromEntries(blocks.map((_, i) => [`block${i + 1}`, { size: width, of: 'frames' }])),
        embed(features, pass) {
          const outputs: Tensor[] = [];
          let x = first(features, pass);
          for (const [i, block] of blocks.entries()) {
            x = block(x, pass);
            pass.tap?.(`block${i + 1}`, x);
            outputs.push(x);
          }
          const map = aggregate(tf.concat(outputs, 2), pass);
          const vector = embedding(poolNorm(pool(map, pass), pass));
          return norm ? norm(vector, pass) : vector;
        },
      };
    },
  });
}

/** Options that ECAPA-TDNN has beside those of every backbone, of a network of `channels`. */
function ownOptions(channels: number) {
  return {
    width: z.number().int().positive().multipleOf(SCALE).default(channels).describe('channels of the blocks'),
    embeddingNorm: z
      .enum(['none', 'affine', 'plain'])
      .default('none')
      .describe(
        'normalise the embedding over the batch, as self-supervised training needs: `affine` with scale and offset, as in WeSpeaker, `plain` without',
      ),
    arrangement: z
      .enum(['wespeaker', 'speechbrain'])
      .default('wespeaker')
      .describe(
        '`speechbrain`: convolutions see mirrored frames instead of zeros at the ends, the first group of a block passes unchanged instead of the ' +
          'last, and the layer before the pooling is normalised',
      ),
    aggregated: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('channels before the pooling, by default 1536 scaled by the width'),
    squeezed: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('hidden units of the squeeze-excitation, by default 128 scaled by the width'),
  };
}

/** `embeddingNorm` was once true or false, and the normalisation plain. */
function upgradeNorm({ embeddingNorm, ...options }: Record<string, unknown>): Record<string, unknown> {
  if (typeof embeddingNorm !== 'boolean') return { ...options, embeddingNorm };
  return { ...options, embeddingNorm: embeddingNorm ? 'plain' : 'none' };
}

/** The layer over all blocks' outputs, before the pooling: rectified, and in SpeechBrain normalised. */
function aggregation(scope: Scope, { inputs, outputs, arrangement }: Omit<UnitShape, 'kernel' | 'dilation'>): Layer {
  const conv = timeConvLayer(scope.child('aggregate'), { inputs, outputs, kernel: 1, bias: true });
  const norm = arrangement === 'speechbrain' ? batchNormLayer(scope.child('aggregate-norm'), outputs) : undefined;
  return (x, pass) => (norm ? norm(relu(conv(x)), pass) : relu(conv(x)));
}

interface UnitShape {
  inputs: number;
  outputs: number;
  kernel: number;
  dilation?: number;
  arrangement: Arrangement;
}

/** Convolution over time, behind zeros or mirrored frames at both ends, rectifier, normalisation. */
function convUnit(scope: Scope, { arrangement, ...shape }: UnitShape): Layer {
  const mirrored = arrangement === 'speechbrain' ? ((shape.dilation ?? 1) * (shape.kernel - 1)) / 2 : 0;
  const padding = arrangement === 'speechbrain' ? 'valid' : 'same';
  const conv = timeConvLayer(scope.child('conv'), { ...shape, padding, bias: true });
  const norm = batchNormLayer(scope.child('norm'), shape.outputs);
  return (x, pass) => maskTime(norm(relu(conv(mirroredTime(x, mirrored, pass))), pass), pass);
}

interface BlockShape {
  width: number;
  dilation: number;
  arrangement: Arrangement;
}

/** x + SE(conv(Res2(conv(x)))). */
function seRes2Block(scope: Scope, shape: BlockShape & { squeezed: number }): Layer {
  const { width, arrangement } = shape;
  const before = convUnit(scope.child('before'), { inputs: width, outputs: width, kernel: 1, arrangement });
  const middle = res2(scope.child('res2'), shape);
  const after = convUnit(scope.child('after'), { inputs: width, outputs: width, kernel: 1, arrangement });
  const excite = squeezeExcitation(scope.child('se'), width, shape.squeezed);
  return (x, pass) => tf.add(x, excite(after(middle(before(x, pass), pass), pass), pass));
}

/**
 * Convolutions on groups of channels, each of which sees the output of the one before it too; one group passes unchanged, the last in
 * WeSpeaker, the first in SpeechBrain.
 * S.-H. Gao et al., "Res2Net: A New Multi-Scale Backbone Architecture", IEEE TPAMI 2021, arXiv:1904.01169.
 */
function res2(scope: Scope, { width, dilation, arrangement }: BlockShape): Layer {
  const part = width / SCALE;
  const unchanged = arrangement === 'speechbrain' ? 0 : SCALE - 1;
  const units = Array.from({ length: SCALE - 1 }, (_, i) =>
    convUnit(scope.child(`group${i + 1}`), { inputs: part, outputs: part, kernel: 3, dilation, arrangement }),
  );
  return (x, pass) => {
    const all = tf.split(x, SCALE, 2);
    const groups = all.filter((_, i) => i !== unchanged);
    const outputs: Tensor[] = [];
    for (const [i, unit] of units.entries()) {
      outputs.push(unit(i === 0 ? groups[0] : tf.add(outputs[i - 1], groups[i]), pass));
    }
    return tf.concat(unchanged === 0 ? [all[0], ...outputs] : [...outputs, all[unchanged]], 2);
  };
}

/**
 * Scales every channel by a weight that a small network computes from the means of all channels over time.
 * J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018, arXiv:1709.01507.
 */
export function squeezeExcitation(scope: Scope, width: number, squeezed: number): Layer {
  const squeeze = denseLayer(scope.child('squeeze'), { inputs: width, outputs: squeezed });
  const excite = denseLayer(scope.child('excite'), { inputs: squeezed, outputs: width });
  return (x, pass) => gated(x, tf.expandDims(tf.sigmoid(excite(relu(squeeze(timeMean(x, pass))))), 1));
}
