import {
  backboneOptions,
  batchNormLayer,
  checkpointed,
  defineBackbone,
  denseLayer,
  gated,
  type Layer,
  maskTime,
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
/** Groups of channels in a block's multi-scale convolution. */
const SCALE = 8;
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
      width: z.number().int().positive().multipleOf(SCALE).default(channels).describe('channels of the blocks'),
      embeddingNorm: z
        .enum(['none', 'affine', 'plain'])
        .default('none')
        .describe(
          'normalise the embedding over the batch, as self-supervised training needs: `affine` with scale and offset, as in WeSpeaker, `plain` without',
        ),
    }),
    upgrade: upgradeNorm,
    build({ scope, bins, options, pooling }) {
      const { width, embeddingSize, embeddingNorm, checkpointing } = options;
      const scaled = (units: number) => Math.max(1, Math.round((units * width) / channels));
      const wrap = checkpointing ? checkpointed : (layer: Layer) => layer;
      const first = wrap(convUnit(scope.child('first'), { inputs: bins, outputs: width, kernel: 5 }));
      const blocks = DILATIONS.map((dilation, i) =>
        wrap(seRes2Block(scope.child(`block${i + 1}`), width, dilation, scaled(SQUEEZED))),
      );
      const aggregated = scaled(AGGREGATED);
      const shape = { inputs: DILATIONS.length * width, outputs: aggregated, kernel: 1, bias: true };
      const aggregate = timeConvLayer(scope.child('aggregate'), shape);
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
        layers: Object.fromEntries(blocks.map((_, i) => [`block${i + 1}`, { size: width, of: 'frames' }])),
        embed(features, pass) {
          const outputs: Tensor[] = [];
          let x = first(features, pass);
          for (const [i, block] of blocks.entries()) {
            x = block(x, pass);
            pass.tap?.(`block${i + 1}`, x);
            outputs.push(x);
          }
          const vector = embedding(poolNorm(pool(relu(aggregate(tf.concat(outputs, 2))), pass), pass));
          return norm ? norm(vector, pass) : vector;
        },
      };
    },
  });
}

/** `embeddingNorm` was once true or false, and the normalisation plain. */
function upgradeNorm({ embeddingNorm, ...options }: Record<string, unknown>): Record<string, unknown> {
  if (typeof embeddingNorm !== 'boolean') return { ...options, embeddingNorm };
  return { ...options, embeddingNorm: embeddingNorm ? 'plain' : 'none' };
}

/** Convolution over time, rectifier, normalisation. */
function convUnit(scope: Scope, shape: { inputs: number; outputs: number; kernel: number; dilation?: number }): Layer {
  const conv = timeConvLayer(scope.child('conv'), { ...shape, bias: true });
  const norm = batchNormLayer(scope.child('norm'), shape.outputs);
  return (x, pass) => maskTime(norm(relu(conv(x)), pass), pass);
}

/** x + SE(conv(Res2(conv(x)))). */
function seRes2Block(scope: Scope, width: number, dilation: number, squeezed: number): Layer {
  const before = convUnit(scope.child('before'), { inputs: width, outputs: width, kernel: 1 });
  const middle = res2(scope.child('res2'), width, dilation);
  const after = convUnit(scope.child('after'), { inputs: width, outputs: width, kernel: 1 });
  const excite = squeezeExcitation(scope.child('se'), width, squeezed);
  return (x, pass) => tf.add(x, excite(after(middle(before(x, pass), pass), pass), pass));
}

/**
 * Convolutions on groups of channels, each of which sees the output of the one before it too; the last group passes unchanged.
 * S.-H. Gao et al., "Res2Net: A New Multi-Scale Backbone Architecture", IEEE TPAMI 2021, arXiv:1904.01169.
 */
function res2(scope: Scope, width: number, dilation: number): Layer {
  const part = width / SCALE;
  const units = Array.from({ length: SCALE - 1 }, (_, i) =>
    convUnit(scope.child(`group${i + 1}`), { inputs: part, outputs: part, kernel: 3, dilation }),
  );
  return (x, pass) => {
    const groups = tf.split(x, SCALE, 2);
    const outputs: Tensor[] = [];
    for (const [i, unit] of units.entries()) {
      outputs.push(unit(i === 0 ? groups[0] : tf.add(outputs[i - 1], groups[i]), pass));
    }
    return tf.concat([...outputs, groups[SCALE - 1]], 2);
  };
}

/**
 * Scales every channel by a weight that a small network computes from the means of all channels over time.
 * J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018, arXiv:1709.01507.
 */
function squeezeExcitation(scope: Scope, width: number, squeezed: number): Layer {
  const squeeze = denseLayer(scope.child('squeeze'), { inputs: width, outputs: squeezed });
  const excite = denseLayer(scope.child('excite'), { inputs: squeezed, outputs: width });
  return (x, pass) => gated(x, tf.expandDims(tf.sigmoid(excite(relu(squeeze(timeMean(x, pass))))), 1));
}
