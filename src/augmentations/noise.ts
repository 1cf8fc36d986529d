import {
  artifact,
  defineAugmentation,
  drawExcerpts,
  forSome,
  type NoiseBank,
  type NoiseKind,
  noiseKinds,
  oneOf,
  probability,
  random,
  rangeOf,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';

const kind = (snrDb: [number, number], files: [number, number] = [1, 1]) =>
  z
    .strictObject({
      weight: z.number().nonnegative().default(1).describe('how often this kind is drawn, relative to the others'),
      snrDb: rangeOf(...snrDb).describe('signal-to-noise ratio in dB, over the crop'),
      files: rangeOf(...files, z.number().int().positive()).describe(
        'number of recordings that are mixed in, each at a ratio of its own',
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
 * Adds recordings from a bank: each row draws a kind, then recordings of it, places and ratios. A recording is scaled so that the row's
 * mean power stands in the drawn ratio to its own; silence on either side adds nothing. Kinds that the bank lacks are skipped.
 * @param wave [rows, samples] float32 on int16 scale
 * @returns as `wave`; no gradient flows through
 */
export function addNoise(wave: Tensor, bank: NoiseBank, options: NoiseOptions, name: string): Tensor {
  const kinds = noiseKinds.filter((kind) => bank.noises.kinds[kind] && options[kind].weight > 0);
  const total = kinds.reduce((sum, kind) => sum + options[kind].weight, 0);
  if (kinds.length === 0) throw new Error('the noise bank holds none of the kinds that have a weight above 0');
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
  const factor = amplitudeOf(tf.neg(random.uniform([rows, most, 1], `${name}/snr`, ...snrDb)));
  const ratio = tf.sqrt(
    tf.div(tf.reshape(levelledPower(wave), [rows, 1, 1]), tf.reshape(levelledPower(noise), [rows, most, 1])),
  );
  const count = tf.floor(random.uniform([rows, 1, 1], `${name}/files`, least, most + 1));
  const used = tf.cast(tf.less(tf.reshape(tf.range(0, most), [1, most, 1]), count), 'float32');
  const scale = tf.mul(tf.mul(factor, ratio), used);
  return tf.add(wave, tf.sum(tf.mul(tf.reshape(noise, [rows, most, samples]), scale), 1));
}

/** Amplitude factor of decibels. */
const amplitudeOf = (db: Tensor): Tensor => tf.exp(tf.mul(db, Math.LN10 / 20));

/** Mean power of rows [rows, 1], kept just above 0 so that it can divide; the quietest possible sound, one sample of 1, lies above that. */
const levelledPower = (rows: Tensor): Tensor => tf.add(tf.mean(tf.square(rows), 1, true), 1e-10);

/** Recorded or generated noise, speech and music. */
export default defineAugmentation({
  name: 'noise',
  summary: 'Adds noise, speech or music from a bank at a random signal-to-noise ratio.',
  options: noiseOptions.extend({
    bank: artifact('noises').describe('the stage that gathered the noises'),
    probability: probability(1),
  }),
  apply: (wave, { name, options, bank }) =>
    forSome(wave, options.probability, (rows, part) => addNoise(rows, bank(options.bank), options, part), name),
});
