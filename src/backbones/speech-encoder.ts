import {
  anyLength,
  defineBackbone,
  denseLayer,
  type EncoderShape,
  frameDense,
  type Pass,
  type PoolingLayer,
  pluginChoice,
  type Scope,
  softmaxOverTime,
  speechEncoder,
  type Tensor,
  tf,
  UserError,
  WAVE_FRAME,
  z,
} from '../index.js';

const NO_EXPORT =
  'Speech encoders are not translated to ONNX: their features are the waveform itself. Run the model with voxloop embed.';

const size = z.number().int().positive();

const options = z.strictObject({
  layers: size.default(12).describe('transformer layers'),
  width: size.default(768),
  heads: size.default(12).describe('attention heads of a layer'),
  feedForward: size.default(3072).describe('units of the feed-forward part of a layer'),
  normFirst: z.boolean().default(false).describe('layers normalise what they get, as in the large published encoders'),
  convChannels: size.default(512).describe('channels of the seven convolutions'),
  convNorm: z
    .enum(['group', 'layer'])
    .default('group')
    .describe("`group`: the first convolution's channels over time; `layer`: all frames over their channels"),
  convBias: z.boolean().default(false),
  projectionNorm: z.boolean().default(true).describe('normalise frames between convolutions and transformer'),
  positionKernel: size.default(128).describe('frames that the positional convolution sees'),
  positionGroups: size.default(16),
  adapter: z.number().int().nonnegative().default(0).describe('units of an adapter in each layer; 0: none'),
  head: z
    .enum(['sum', 'mhfa'])
    .default('sum')
    .describe(
      '`sum`: a learned weighted sum of all layers, pooled; `mhfa`: multi-head factorised attentive pooling of all layers',
    ),
  pooling: pluginChoice('pooling', 'astp').describe('sum: how frames are pooled'),
  mhfaHeads: size.default(64).describe('mhfa: attention heads'),
  mhfaSize: size.default(128).describe('mhfa: channels that keys and values are narrowed to'),
  embeddingSize: size.default(256),
});

const relativeOptions = {
  buckets: z
    .number()
    .int()
    .min(4)
    .default(320)
    .describe('distances in time with a number of their own, or a shared one'),
  maxDistance: size.default(800).describe('frames beyond which all distances share one number'),
};

type Options = z.output<typeof options>;

/**
 * Networks that hear the waveform (features of the front end `waveform`), as wav2vec 2.0, HuBERT and WavLM have them, with a head for speakers
 * on all layers. `voxloop import` fills them with published weights, named below `encoder`; the head and adapters are learned by `finetune`,
 * where `freeze: {parts: ["network/backbone/encoder/*"]}` leaves the encoder as it is. The papers are named in src/nn/encoder/speech-encoder.ts.
 */
export default [
  defineBackbone({
    name: 'wav2vec2',
    summary: 'wav2vec 2.0 encoder of waveforms with a speaker head on all layers (94.4 M parameters in the encoder).',
    options,
    build: (context) => build(context, context.options),
  }),
  defineBackbone({
    name: 'hubert',
    summary: 'HuBERT encoder of waveforms with a speaker head on all layers (94.4 M parameters in the encoder).',
    options,
    build: (context) => build(context, context.options),
  }),
  defineBackbone({
    name: 'wavlm',
    summary: 'WavLM encoder of waveforms, with gated relative positions, and a speaker head on all layers.',
    options: options.extend(relativeOptions),
    build: (context) => {
      const { buckets, maxDistance, ...rest } = context.options;
      return build(context, rest, { buckets, maxDistance });
    },
  }),
];

interface Context {
  scope: Scope;
  bins: number;
  pooling(scope: Scope, channels: number): PoolingLayer;
}

function build({ scope, bins, pooling }: Context, chosen: Options, relative?: EncoderShape['relative']) {
  const { width, layers, embeddingSize } = chosen;
  checkSizes(bins, chosen);
  const encoder = speechEncoder(scope.child('encoder'), scope.child('adapters'), {
    ...chosen,
    conv: { channels: chosen.convChannels, norm: chosen.convNorm, bias: chosen.convBias },
    positions: { kernel: chosen.positionKernel, groups: chosen.positionGroups },
    relative,
  });
  const head = chosen.head === 'mhfa' ? mhfa(scope, chosen) : weightedSum(scope, chosen, pooling);
  const names = Array.from({ length: layers + 1 }, (_, i) => `layer${i}`);
  return {
    embeddingSize,
    layers: Object.fromEntries(names.map((name) => [name, { size: width, of: 'frames' as const }])),
    embed(features: Tensor, pass: Pass): Tensor {
      if (anyLength()) throw new UserError(NO_EXPORT);
      const hidden = encoder.hidden(features, pass);
      for (const [i, output] of hidden.entries()) pass.tap?.(names[i], output);
      return head(hidden, pass);
    },
  };
}

function checkSizes(bins: number, { width, heads, positionGroups }: Options): void {
  if (bins !== WAVE_FRAME)
    throw new UserError(
      `A speech encoder hears the waveform in frames of ${WAVE_FRAME} samples, and the features have ${bins} bins. Give ` +
        'features: {frontEnd: waveform, bins: 400, frameLengthMs: 25, frameShiftMs: 20}.',
    );
  if (width % heads !== 0)
    throw new UserError(`${width} channels cannot be split among ${heads} heads. Choose others.`);
  if (width % positionGroups !== 0)
    throw new UserError(`${width} channels cannot be split into ${positionGroups} groups. Choose positionGroups anew.`);
}

type Head = (hidden: readonly Tensor[], pass: Pass) => Tensor;

/** The sum of layers by weights that are learned, positive and sum to 1. */
function layerSum(scope: Scope, count: number): (hidden: readonly Tensor[]) => Tensor {
  const weights = scope.param('weights', [count], 0);
  return (hidden) => {
    const shares = tf.split(tf.softmax(weights.read()) as Tensor, count, 0);
    return tf.addN(hidden.map((x, i) => tf.mul(x, shares[i]) as Tensor));
  };
}

/** All layers as one, pooled, and a linear embedding. */
function weightedSum(scope: Scope, { layers, width, embeddingSize }: Options, pooling: Context['pooling']): Head {
  const sum = layerSum(scope.child('sum'), layers + 1);
  const { size: pooled, pool } = pooling(scope.child('pooling'), width);
  const embedding = denseLayer(scope.child('embedding'), { inputs: pooled, outputs: embeddingSize });
  return (hidden, pass) => embedding(pool(sum(hidden), pass));
}

/**
 * Multi-head factorised attentive pooling: keys and values are sums of the layers by weights of their own, narrowed; each head attends to
 * frames by the keys and pools all of the values.
 * J. Peng, O. Plchot, T. Stafylakis, L. Mosner, L. Burget, J. Cernocky, "An Attention-Based Backend Allowing Efficient Fine-Tuning of
 * Transformer Models for Speaker Verification", 2022, arXiv:2210.01273.
 */
function mhfa(scope: Scope, { layers, width, mhfaHeads: heads, mhfaSize: narrow, embeddingSize }: Options): Head {
  const at = scope.child('mhfa');
  const [keys, values] = ['keys', 'values'].map((name) => {
    const sum = layerSum(at.child(name), layers + 1);
    const compress = frameDense(at.child(name).child('compress'), { inputs: width, outputs: narrow });
    return (hidden: readonly Tensor[]) => compress(sum(hidden));
  });
  const query = frameDense(at.child('heads'), { inputs: narrow, outputs: heads });
  const embedding = denseLayer(scope.child('embedding'), { inputs: heads * narrow, outputs: embeddingSize });
  return (hidden, pass) => {
    // [batch, time, heads] and [batch, time, narrow]
    const attention = softmaxOverTime(query(keys(hidden)), pass);
    const pooled = tf.matMul(attention, values(hidden), true, false) as Tensor;
    return embedding(tf.reshape(pooled, [pooled.shape[0], heads * narrow]));
  };
}
