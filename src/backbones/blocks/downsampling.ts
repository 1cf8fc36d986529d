import { z } from '../../index.js';

/** The option of networks with normalised strided convolutions between their stages. */
export const downsamplingOptions = {
  rectifiedDownsampling: z
    .boolean()
    .default(false)
    .describe(
      'a rectifier behind every strided convolution between stages, as in earlier versions of voxloop; the published networks have none',
    ),
};

/** Before there was a choice, there was a rectifier. */
export const upgradeDownsampling = (options: Record<string, unknown>): Record<string, unknown> => ({
  rectifiedDownsampling: true,
  ...options,
});
