import {
  baumWelch,
  cepstralFrames,
  cepstraOptions,
  defineBackbone,
  factorPosterior,
  frameSize,
  mixtureBuffers,
  refuseTraced,
  tf,
  z,
} from '../index.js';

/**
 * The i-vector extractor, or the speaker factors of joint factor analysis: the posterior mean of the factors of an utterance's
 * supervector. What the stages `ivector` and `jfa` make; gradients do not train it.
 */
export default defineBackbone({
  name: 'ivector',
  summary: 'i-vector extractor, as the stages ivector and jfa learn it; not trained by gradients.',
  options: z.strictObject({
    gaussians: z.number().int().positive().default(512),
    rank: z.number().int().positive().default(200).describe('factors'),
    kept: z
      .number()
      .int()
      .positive()
      .optional()
      .describe('how many of the factors, from the first one on, are the embedding; default: all'),
    ...cepstraOptions,
  }),
  build({ scope, options }) {
    const { gaussians, rank, kept = rank } = options;
    const size = frameSize(options);
    const mixture = mixtureBuffers(scope, gaussians, size);
    const factors = scope.buffer('factors', [gaussians * size, rank], 0);
    const offset = scope.buffer('offset', [gaussians, size], 0);
    return {
      embeddingSize: Math.min(kept, rank),
      embed(features, pass) {
        refuseTraced('ivector', pass);
        const statistics = baumWelch(cepstralFrames(features, pass, options), mixture());
        const all = factorPosterior(statistics, { factors: factors.read(), offset: offset.read() });
        return kept < rank ? tf.slice(all, [0, 0], [all.shape[0]!, kept]) : all;
      },
    };
  },
});
