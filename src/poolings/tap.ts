import { definePooling, timeMean, z } from '../index.js';

/** Temporal average pooling: the mean over time, [batch, channels]. */
export default definePooling({
  name: 'tap',
  summary: 'Temporal average pooling: the mean over time.',
  options: z.strictObject({}),
  build: ({ channels }) => ({ size: channels, pool: timeMean }),
});
