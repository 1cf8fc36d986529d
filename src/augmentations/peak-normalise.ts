import { defineAugmentation, type Tensor, tf, withoutGradient, z } from '../index.js';

const FULL_SCALE = 32767;

/** Scales each row so that its peak is full scale; silence stays. `wave` [rows, samples]; no gradient flows through. */
export const normalisePeaks = (wave: Tensor): Tensor =>
  withoutGradient(() => tf.mul(wave, tf.div(FULL_SCALE, tf.maximum(tf.max(tf.abs(wave), 1, true), 1e-6))));

/** Every crop at full scale. */
export default defineAugmentation({
  name: 'peak-normalise',
  summary: 'Scales every crop so that its peak is full scale.',
  options: z.strictObject({}),
  apply: normalisePeaks,
});
