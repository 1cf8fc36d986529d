import { bothMoments, definePooling, timeMoments, z } from '../index.js';

/**
 * Temporal statistics pooling: mean and standard deviation over time, [batch, 2 channels]. 3D-Speaker adds 1e-8 to the variance, and
 * nothing in its CAM++, where WeSpeaker adds 1e-7.
 *
 * D. Snyder, D. Garcia-Romero, G. Sell, D. Povey, S. Khudanpur, "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
 * 2018, doi:10.1109/ICASSP.2018.8461375.
 */
export default definePooling({
  name: 'tstp',
  summary: 'Temporal statistics pooling: mean and standard deviation over time (Snyder et al. 2018).',
  options: z.strictObject({
    epsilon: z.number().min(1e-12).default(1e-7).describe('added to the variance'),
  }),
  build: ({ channels, options: { epsilon } }) => ({
    size: 2 * channels,
    pool: (x, pass) => bothMoments(timeMoments(x, pass, epsilon)),
  }),
});
