import {
  baumWelch,
  cepstralFrames,
  cepstraOptions,
  defineBackbone,
  frameSize,
  mixtureBuffers,
  refuseTraced,
  supervectorOf,
  z,
} from '../index.js';

/**
 * A Gaussian mixture's supervector: the means that a universal background model adapts to an utterance, about its own, in units of its
 * deviations, each weighted with the root of its Gaussian's weight. What the stage `ubm` makes; gradients do not train it.
 *
 * W. Campbell, D. Sturim, D. Reynolds, "Support vector machines using GMM supervectors for speaker verification", IEEE Signal Processing
 * Letters 2006.
 */
export default defineBackbone({
  name: 'supervector',
  summary:
    'Supervector of MAP-adapted means of a Gaussian mixture (GMM-UBM), as the stage ubm learns it; not trained by gradients.',
  options: z.strictObject({
    gaussians: z.number().int().positive().default(512),
    relevance: z
      .number()
      .positive()
      .default(16)
      .describe('relevance factor: frames that weigh as much as the prior mean'),
    ...cepstraOptions,
  }),
  build({ scope, options }) {
    const { gaussians, relevance } = options;
    const size = frameSize(options);
    const mixture = mixtureBuffers(scope, gaussians, size);
    return {
      embeddingSize: gaussians * size,
      embed(features, pass) {
        refuseTraced('supervector', pass);
        const tensors = mixture();
        const statistics = baumWelch(cepstralFrames(features, pass, options), tensors);
        return supervectorOf(statistics, tensors.weights, relevance);
      },
    };
  },
});
