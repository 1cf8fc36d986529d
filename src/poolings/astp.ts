import {
  batchNormLayer,
  bothMoments,
  definePooling,
  denseLayer,
  plainMoments,
  relu,
  softmaxOverTime,
  type Tensor,
  tf,
  timeConvLayer,
  timeMoments,
  weightedMoments,
  z,
} from '../index.js';

/** SpeechBrain's least variance. */
const PLAIN_FLOOR = 1e-12;

/**
 * Attentive statistics pooling: a small network weighs every frame of every channel; weighted mean and standard deviation,
 * [batch, 2 channels].
 *
 * K. Okabe, T. Koshinaka, K. Shinoda, "Attentive Statistics Pooling for Deep Speaker Embedding", Interspeech 2018,
 * arXiv:1803.10963. `globalContext`, which shows the network the utterance's mean and standard deviation too, and `norm`, which
 * rectifies and normalises the hidden layer, are ECAPA-TDNN's: B. Desplanques, J. Thienpondt, K. Demuynck, Interspeech 2020,
 * arXiv:2005.07143.
 */
export default definePooling({
  name: 'astp',
  summary: 'Attentive statistics pooling: weighted mean and standard deviation (Okabe et al. 2018).',
  options: z.strictObject({
    bottleneck: z.number().int().positive().default(128).describe('hidden units of the attention'),
    globalContext: z.boolean().default(false).describe("let the attention see the utterance's mean and deviation"),
    norm: z.boolean().default(false).describe('rectify and normalise the hidden units before the tanh'),
    variance: z
      .enum(['wespeaker', 'speechbrain'])
      .default('wespeaker')
      .describe(
        "`wespeaker`: 1e-7 at least, that of the context with Bessel's correction; `speechbrain`: 1e-12 at least, without correction",
      ),
  }),
  build({ scope, channels, options: { bottleneck, globalContext, norm, variance } }) {
    const plain = variance === 'speechbrain';
    const frames = { inputs: channels, outputs: bottleneck, kernel: 1, bias: true };
    const inner = timeConvLayer(scope.child('inner'), frames);
    // The same for every frame, so it is multiplied once: as if the moments stood beside each frame.
    const context = globalContext
      ? denseLayer(scope.child('context'), { inputs: 2 * channels, outputs: bottleneck, bias: false })
      : undefined;
    const innerNorm = norm ? batchNormLayer(scope.child('norm'), bottleneck) : undefined;
    const outer = timeConvLayer(scope.child('outer'), { ...frames, inputs: bottleneck, outputs: channels });
    return {
      size: 2 * channels,
      pool(x, pass) {
        let hidden: Tensor = inner(x);
        if (context) {
          const moments = plain ? plainMoments(x, pass, PLAIN_FLOOR) : timeMoments(x, pass);
          hidden = tf.add(hidden, tf.expandDims(context(bothMoments(moments)), 1));
        }
        if (innerNorm) hidden = innerNorm(relu(hidden), pass);
        const weights = softmaxOverTime(outer(tf.tanh(hidden)), pass);
        return bothMoments(plain ? weightedMoments(x, weights, PLAIN_FLOOR) : weightedMoments(x, weights));
      },
    };
  },
});
