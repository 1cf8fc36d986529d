import { z } from 'zod';
import { withoutGradient } from '../../engine/autodiff.js';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { drawExcerpts, type NoiseBank, type NoiseKind, noiseKinds } from './bank.js';
import { oneOf } from './choice.js';
import { decibels, levelledPower, rangeOf } from './level.js';

const kind = (snrDb: [number, number], files: [number, number] = [1, 1]) =>
  z
    .strictObject({
      weight: z.number().nonnegative().default(1).describe('how often, against the other kinds'),
      snrDb: rangeOf(...snrDb).describe('signal-to-noise ratio, over the row'),
      files: rangeOf(...files, z.number().int().positive()).describe(
        'recordings that are added at once, each in a ratio of its own',
      ),
    })
    .prefault({});

/** WeSpeaker's ratios; see `babble` for the other convention. */
export const noiseOptions = z.strictObject({
  noise: kind([0, 15]),
  speech: kind([10, 30]),
  music: kind([5, 15]),
});

export type NoiseOptions = z.output<typeof noiseOptions>;

/** The ratios of voxceleb_trainer, sslsv and 3D-Speaker: speech as a babble of 3 to 8 recordings. */
export const babble: z.input<typeof noiseOptions> = { speech: { snrDb: [13, 20], files: [3, 8] } };

/**
 * Adds recordings from a bank: each row draws a kind, and of it recordings, places and ratios. A recording is scaled so that the row's
 * mean power stands in the drawn ratio to its own; silence, on either side, adds nothing. Kinds that the bank lacks are passed over.
 * @param wave [rows, samples] float32 on int16 scale
 * @returns as `wave`; no gradient flows through
 */
export function addNoise(wave: Tensor, bank: NoiseBank, options: NoiseOptions, name: string): Tensor {
  const kinds = noiseKinds.filter((kind) => bank.noises.kinds[kind] && options[kind].weight > 0);
  const total = kinds.reduce((sum, kind) => sum + options[kind].weight, 0);
  if (kinds.length === 0) throw new Error('the noise bank holds none of the kinds that are asked for');
  const branches = kinds.map((kind) => ({
    share: options[kind].weight / total,
    apply: (rows: Tensor, drawName: string) => withNoise(rows, bank, kind, options[kind], drawName),
  }));
  return withoutGradient(() => oneOf(wave, branches, name));
}

function withNoise(
  wave: Tensor,
  bank: NoiseBank,
  kind: NoiseKind,
  { snrDb, files: [least, most] }: NoiseOptions[NoiseKind],
  name: string,
): Tensor {
  const [rows, samples] = wave.shape;
  const noise = drawExcerpts(bank, kind, [rows * most, samples], name);
  const each = (values: Tensor) => tf.reshape(values, [rows, most, 1]);
  const factor = decibels(tf.neg(random.uniform([rows, most, 1], `${name}/snr`, ...snrDb)));
  const ratio = tf.sqrt(tf.div(tf.reshape(levelledPower(wave), [rows, 1, 1]), each(levelledPower(noise))));
  const count = tf.floor(random.uniform([rows, 1, 1], `${name}/files`, least, most + 1));
  const used = tf.cast(tf.less(tf.reshape(tf.range(0, most), [1, most, 1]), count), 'float32');
  const scale = tf.mul(tf.mul(factor, ratio), used);
  return tf.add(wave, tf.sum(tf.mul(tf.reshape(noise, [rows, most, samples]), scale), 1));
}
