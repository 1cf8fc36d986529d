import { bothMoments, definePooling, timeMoments, z } from '../index.js';

/**
 * Temporal statistics pooling: mean and standard deviation over time, [batch, 2 channels].
 *
 * D. Snyder, D. Garcia-Romero, G. Sell, D. Povey, S. Khudanpur, "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
 * 2018, doi:10.1109/ICASSP.2018.8461375.
 */
export default definePooling({
  name: 'tstp',
  summary: 'Temporal statistics pooling: mean and standard deviation over time (Snyder et al. 2018).',
  options: z.strictObject({}),
  build: ({ channels }) => ({ size: 2 * channels, pool: (x, pass) => bothMoments(timeMoments(x, pass)) }),
});
