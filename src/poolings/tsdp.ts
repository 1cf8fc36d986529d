import { definePooling, timeMoments, z } from '../index.js';

/**
 * Temporal standard deviation pooling, [batch, channels].
 *
 * S. Wang, Y. Yang, Y. Qian, K. Yu, "Revisiting the Statistics Pooling Layer in Deep Speaker Embedding Learning", ISCSLP 2021.
 */
export default definePooling({
  name: 'tsdp',
  summary: 'Temporal standard deviation pooling (Wang et al. 2021).',
  options: z.strictObject({}),
  build: ({ channels }) => ({ size: channels, pool: (x, pass) => timeMoments(x, pass).deviation }),
});
