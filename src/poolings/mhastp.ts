import {
  bothMoments,
  definePooling,
  type PoolingLayer,
  type Scope,
  softmaxOverTime,
  type Tensor,
  tf,
  timeConvLayer,
  UserError,
  weightedMoments,
  z,
} from '../index.js';

/** Shape of one attention head. */
interface HeadOptions {
  layers: number;
  bottleneck: number;
  /** A score for each channel of the head, or one for all of them. */
  perChannel: boolean;
}

const shared = {
  layers: z.number().int().positive().default(2).describe('linear layers of a head, tanh between them'),
  bottleneck: z.number().int().positive().default(64).describe('units between the layers'),
};

const multiHead = definePooling({
  name: 'mhastp',
  summary: 'Multi-head attentive statistics pooling: each head weighs a part of the channels (India et al. 2019).',
  options: z.strictObject({
    heads: z.number().int().positive().default(2).describe('parts that the channels are split into'),
    ...shared,
    perChannel: z
      .boolean()
      .default(false)
      .describe('a weight for each channel instead of one for all channels of a head'),
  }),
  build: ({ scope, channels, options: { heads, ...head } }) => headsOf(scope, channels, heads, head),
});

const multiQuery = definePooling({
  name: 'mqmhastp',
  summary: 'Multi-query multi-head attentive statistics pooling (Zhao et al. 2022).',
  options: z.strictObject({
    queries: z.number().int().positive().default(2).describe('sets of heads, side by side'),
    heads: z.number().int().positive().default(8).describe('parts that the channels are split into'),
    ...shared,
    perChannel: z
      .boolean()
      .default(true)
      .describe('a weight for each channel instead of one for all channels of a head'),
  }),
  build({ scope, channels, options: { queries, heads, ...head } }) {
    const parts = Array.from({ length: queries }, (_, i) =>
      headsOf(scope.child(`query${i + 1}`), channels, heads, head),
    );
    return {
      size: queries * 2 * channels,
      pool: (x, pass) =>
        tf.concat(
          parts.map(({ pool }) => pool(x, pass)),
          1,
        ),
    };
  },
});

/**
 * Multi-head poolings: the channels are split among heads, each of which pools its part by an attention of its own.
 * - mhastp: M. India, P. Safari, J. Hernando, "Self Multi-Head Attention for Speaker Recognition", Interspeech 2019, arXiv:1906.09890;
 * - mqmhastp: M. Zhao, Y. Ma, Y. Ding et al., "Multi-Query Multi-Head Attention Pooling and Inter-TopK Penalty for Speaker
 *   Verification", ICASSP 2022, arXiv:2110.05042.
 */
export default [multiHead, multiQuery];

/** Moments of every head, [batch, heads * (mean, deviation)] = [batch, 2 channels]. */
function headsOf(scope: Scope, channels: number, heads: number, options: HeadOptions): PoolingLayer {
  if (channels % heads !== 0) {
    throw new UserError(
      `The ${channels} channels to pool cannot be split among ${heads} heads. Choose \`heads\` that divide ${channels}.`,
    );
  }
  const scores = Array.from({ length: heads }, (_, i) =>
    attention(scope.child(`head${i + 1}`), channels / heads, options),
  );
  return {
    size: 2 * channels,
    pool(x, pass) {
      // TensorFlow.js cannot differentiate a split into one part.
      const parts = heads === 1 ? [x] : tf.split(x, heads, 2);
      const moments = parts.map((part, i) => weightedMoments(part, softmaxOverTime(scores[i](part), pass)));
      return tf.concat(moments.map(bothMoments), 1);
    },
  };
}

/** Scores of the frames of one head, [batch, time, channels] -> [batch, time, channels or 1]. */
function attention(scope: Scope, channels: number, { layers, bottleneck, perChannel }: HeadOptions) {
  const sizes = [channels, ...Array(layers - 1).fill(bottleneck), perChannel ? channels : 1];
  const stack = sizes.slice(1).map((outputs, i) => {
    return timeConvLayer(scope.child(`layer${i + 1}`), { inputs: sizes[i], outputs, kernel: 1, bias: true });
  });
  return (x: Tensor): Tensor => stack.reduce((hidden, layer, i) => layer(i === 0 ? hidden : tf.tanh(hidden)), x);
}
