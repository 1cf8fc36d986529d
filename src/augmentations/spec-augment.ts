import { defineAugmentation, probability, random, type Tensor, tf, z } from '../index.js';

export const specAugmentOptions = z.strictObject({
  probability: probability(0.6).describe('probability that a row is masked at all'),
  timeMasks: z.number().int().nonnegative().default(1).describe('time masks of a row'),
  timeWidth: z.number().int().nonnegative().default(10).describe('largest width of a time mask, in frames'),
  frequencyMasks: z.number().int().nonnegative().default(1).describe('frequency masks of a row'),
  frequencyWidth: z.number().int().nonnegative().default(8).describe('largest width of a frequency mask, in bins'),
  fill: z
    .enum(['mean', 'zero'])
    .default('mean')
    .describe('value inside the masks: the mean of the unmasked part of the row, or zero'),
});

/**
 * Masks random stripes of `features` [batch, frames, bins]. Each row draws its own masks: a width from 0 to the largest, then a
 * place among those that fit, both evenly. A row that is masked entirely becomes zero.
 * @param name prefix of the random draws, unique in the compiled function, which needs an input `step`
 */
export function specAugment(features: Tensor, options: z.output<typeof specAugmentOptions>, name: string): Tensor {
  const [batch, frames, bins] = features.shape;
  if (options.probability === 0) return features;
  const chance = random.uniform([batch, 1], `${name}/masked`);
  const masked = tf.cast(tf.less(chance, options.probability), 'float32');
  const masks = (axis: string, count: number, most: number, shape: [number, number, number]) =>
    Array.from({ length: count }, (_, i) => {
      const inside = stripe(batch, shape[1] * shape[2], most, `${name}/${axis}-${i}`);
      return tf.reshape(tf.sub(1, tf.mul(inside, masked)), shape);
    });
  const kept = [
    ...masks('time', options.timeMasks, options.timeWidth, [batch, frames, 1]),
    ...masks('frequency', options.frequencyMasks, options.frequencyWidth, [batch, 1, bins]),
  ].reduce<Tensor>((all, mask) => tf.mul(all, mask), tf.ones([batch, frames, bins]));
  const left = tf.mul(features, kept);
  if (options.fill === 'zero') return left;
  const mean = tf.div(tf.sum(left, [1, 2], true), tf.maximum(tf.sum(kept, [1, 2], true), 1));
  return tf.add(left, tf.mul(tf.sub(1, kept), mean));
}

/** One stripe a row: 1 inside of it, else 0, [batch, size]. */
function stripe(batch: number, size: number, most: number, name: string): Tensor {
  const width = tf.floor(random.uniform([batch, 1], `${name}/width`, 0, Math.min(most, size) + 1));
  const start = tf.floor(tf.mul(random.uniform([batch, 1], `${name}/start`), tf.add(tf.sub(size, width), 1)));
  const place = tf.reshape(tf.range(0, size), [1, size]);
  const inside = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, width)));
  return tf.cast(inside, 'float32');
}

/**
 * SpecAugment without time warping (Park et al., "SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition",
 * 2019, arXiv:1904.08779).
 */
export default defineAugmentation({
  name: 'spec-augment',
  summary: 'Masks a stripe of frames and a stripe of bins of the features (SpecAugment, Park et al. 2019).',
  options: specAugmentOptions,
  features: (features, { name, options }) => specAugment(features, options, name),
});
