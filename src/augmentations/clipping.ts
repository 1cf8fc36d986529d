import {
  defineAugmentation,
  forSome,
  probability,
  rangeOf,
  rowDraw,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';

export const clippingOptions = z.strictObject({
  level: rangeOf(0.1, 0.5, z.number().positive().max(1)).describe("clipping level, as a share of the crop's peak"),
  probability: probability(1),
});

/** Cuts off the peaks of each row. `wave` [rows, samples]; no gradient flows through. */
export function clip(wave: Tensor, { level }: z.output<typeof clippingOptions>, name: string): Tensor {
  return withoutGradient(() => {
    const peaks = tf.max(tf.abs(wave), 1, true);
    const limit = tf.mul(peaks, rowDraw(wave.shape[0], name).uniform('level', level));
    return tf.maximum(tf.minimum(wave, limit), tf.neg(limit));
  });
}

/** Overdriven recordings. */
export default defineAugmentation({
  name: 'clipping',
  summary: 'Cuts off the peaks of crops.',
  options: clippingOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => clip(rows, options, part), name),
});
