import { definePooling, timeMoments, z } from '../index.js';

/** Temporal standard deviation pooling (Wang et al. 2021, "Revisiting the statistics pooling layer"), [batch, channels]. */
export default definePooling({
  name: 'tsdp',
  summary: 'Temporal standard deviation pooling (Wang et al. 2021).',
  options: z.strictObject({}),
  build: ({ channels }) => ({ size: channels, pool: (x, pass) => timeMoments(x, pass).deviation }),
});
