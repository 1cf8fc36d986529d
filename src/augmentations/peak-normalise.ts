import { defineAugmentation, normalisePeaks, z } from '../index.js';

/** Every crop at full scale. */
export default defineAugmentation({
  name: 'peak-normalise',
  summary: 'Scales every crop so that its peak is full scale.',
  options: z.strictObject({}),
  apply: normalisePeaks,
});
