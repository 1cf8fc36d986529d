import { bothMoments, definePooling, timeMoments, z } from '../index.js';

/** Temporal statistics pooling (Snyder et al. 2018): mean and standard deviation over time, [batch, 2 channels]. */
export default definePooling({
  name: 'tstp',
  summary: 'Temporal statistics pooling: mean and standard deviation over time (Snyder et al. 2018).',
  options: z.strictObject({}),
  build: ({ channels }) => ({ size: 2 * channels, pool: (x, pass) => bothMoments(timeMoments(x, pass)) }),
});
