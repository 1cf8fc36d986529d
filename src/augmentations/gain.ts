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

export const gainOptions = z.strictObject({
  db: rangeOf(-6, 6).describe('gain in dB'),
  probability: probability(1),
});

/** Makes each row louder or softer. `wave` [rows, samples]; no gradient flows through. */
export const changeGain = (wave: Tensor, { db }: z.output<typeof gainOptions>, name: string): Tensor =>
  withoutGradient(() => tf.mul(wave, rowDraw(wave.shape[0], name).gain('gain-db', db)));

/** A gain for each crop. */
export default defineAugmentation({
  name: 'gain',
  summary: 'Makes crops louder or softer.',
  options: gainOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => changeGain(rows, options, part), name),
});
