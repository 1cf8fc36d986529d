import {
  defineAugmentation,
  probability,
  type RowDraw,
  type RowSpectra,
  rangeOf,
  rowDraw,
  rowSpectra,
  SAMPLE_RATE_HZ,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';
import { bandEdge, LN_PER_DB, sharedRow, smoothCurve } from './parts/curves.js';

const hertz = (low: number, high: number) => rangeOf(low, high, z.number().positive());

/**
 * Each row draws for itself whether a part applies (`probability`) and every number, evenly from its [from, to]; cut-offs evenly on a
 * log scale. The defaults suit speaker networks trained without labels, which otherwise learn to tell recordings apart by channel.
 */
export const randomChannelOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ).describe('rate of the crops'),
  filter: z
    .strictObject({
      probability: probability(0.9),
      rangeDb: z.number().nonnegative().default(10).describe('largest boost and cut in dB'),
      anchors: z
        .number()
        .int()
        .min(2)
        .default(10)
        .describe('points that the curve is drawn at, evenly spaced on a log scale'),
      lowHz: z.number().positive().default(60).describe('frequency of the lowest anchor'),
      highHz: z.number().positive().default(7600).describe('frequency of the highest anchor'),
    })
    .refine(({ lowHz, highHz }) => lowHz < highHz, 'lowHz must be below highHz')
    .prefault({}),
  bandLimit: z
    .strictObject({
      probability: probability(0.6),
      lowHz: hertz(40, 400).describe('lower cut-off (-3 dB)'),
      highHz: hertz(3000, 8000).describe('upper cut-off (-3 dB)'),
      dbPerOctave: rangeOf(12, 72, z.number().positive()).describe('steepness in dB an octave, drawn for each edge'),
      depthDb: rangeOf(30, 70, z.number().positive()).describe('largest attenuation in dB'),
    })
    .prefault({}),
  noise: z
    .strictObject({
      probability: probability(0.8),
      snrDb: rangeOf(5, 25).describe('signal-to-noise ratio in dB of the result, over the crop'),
      dbPerOctave: rangeOf(-6, 0).describe("slope of the noise's spectrum: 0 is white, -3 pink, -6 brown"),
      throughChannel: probability(0.5).describe('probability that filter and band limit shape the noise too'),
    })
    .prefault({}),
  gain: z.strictObject({ probability: probability(1), db: rangeOf(-6, 6).describe('gain in dB') }).prefault({}),
});

export type RandomChannelOptions = z.output<typeof randomChannelOptions>;

/**
 * Sends each row of `wave` through a random recording of its own: smooth filter, band limit, coloured noise, gain.
 * The noise stands in the stated ratio to the filtered signal, both measured over the row; a silent row stays silent.
 * @param wave [batch, samples] float32 on int16 scale
 * @param name prefix of the random draws, unique in the compiled function, which needs an input `step`
 * @returns as `wave`; no gradient flows through
 */
export function throughRandomChannel(wave: Tensor, options: RandomChannelOptions, name: string): Tensor {
  const { filter, bandLimit, noise, gain } = options;
  return withoutGradient(() => {
    const [rows, samples] = wave.shape as [number, number];
    const draw = rowDraw(rows, name);
    const spectra = rowSpectra(rows, samples, options.sampleRateHz);
    const filtered = filter.probability > 0 || bandLimit.probability > 0;
    const channel = filtered ? channelCurve(spectra.groupHz, options, draw) : undefined;
    const signal = channel ? spectra.shaped(spectra.of(wave), tf.exp(channel)) : wave;
    const noisy = noise.probability > 0 ? withNoise(signal, spectra, channel, noise, draw) : signal;
    return gain.probability > 0 ? tf.mul(noisy, gainFactor(gain, draw)) : noisy;
  });
}

function withNoise(
  signal: Tensor,
  spectra: RowSpectra,
  channel: Tensor | undefined,
  options: RandomChannelOptions['noise'],
  draw: RowDraw,
): Tensor {
  const through = draw.chance('noise-through-channel', options.throughChannel);
  const colour = noiseCurve(spectra.groupHz, options, draw);
  const curve = channel ? tf.add(colour, tf.mul(channel, through)) : colour;
  const noise = spectra.shaped(spectra.white(`${draw.name}/noise`), tf.exp(curve));
  const snr = tf.exp(tf.mul(draw.uniform('snr', options.snrDb), -LN_PER_DB));
  const ratio = tf.sqrt(tf.div(power(signal), tf.add(power(noise), 1e-30)));
  return tf.add(signal, tf.mul(noise, tf.mul(ratio, tf.mul(snr, draw.chance('noise-added', options.probability)))));
}

const gainFactor = ({ db, probability }: RandomChannelOptions['gain'], draw: RowDraw): Tensor =>
  tf.exp(tf.mul(tf.mul(draw.uniform('gain-db', db), LN_PER_DB), draw.chance('gain', probability)));

const power = (rows: Tensor): Tensor => tf.mean(tf.square(rows), 1, true);

/** Noise is flat below this, so that steep slopes do not put all its power at the very bottom. */
const LOWEST_SLOPED_HZ = 50;
const SLOPE_PIVOT_HZ = 1000;

/**
 * Log amplitude gain (natural) of a random channel for each row, [rows, points], at the frequencies `hz`: a smooth filter and
 * a band limit, each for the rows that drew it. Zero where neither applies.
 */
function channelCurve(hz: Float64Array, options: RandomChannelOptions, draw: RowDraw): Tensor {
  const parts = [
    ...(options.filter.probability > 0 ? [filterCurve(hz, options.filter, draw)] : []),
    ...(options.bandLimit.probability > 0 ? [bandLimitCurve(hz, options.bandLimit, draw)] : []),
  ];
  return parts.reduce((sum, part) => tf.add(sum, part), tf.zeros([draw.rows, hz.length]));
}

/** Log amplitude (natural) of coloured noise, [rows, points]; 0 dB at 1 kHz. */
function noiseCurve(hz: Float64Array, { dbPerOctave }: RandomChannelOptions['noise'], draw: RowDraw): Tensor {
  const octaves = hz.map((f) => Math.log2(Math.max(f, LOWEST_SLOPED_HZ) / SLOPE_PIVOT_HZ));
  return tf.mul(draw.uniform('noise-slope', dbPerOctave), sharedRow(octaves.map((octave) => octave * LN_PER_DB)));
}

const filterCurve = (hz: Float64Array, options: RandomChannelOptions['filter'], draw: RowDraw): Tensor =>
  tf.mul(smoothCurve(hz, options, draw), draw.chance('filter', options.probability));

function bandLimitCurve(hz: Float64Array, options: RandomChannelOptions['bandLimit'], draw: RowDraw): Tensor {
  const { lowHz, highHz, dbPerOctave } = options;
  const low = bandEdge(hz, draw, { name: 'low-cut', hz: lowHz, dbPerOctave, sign: -1 });
  const fall = tf.add(low, bandEdge(hz, draw, { name: 'high-cut', hz: highHz, dbPerOctave, sign: 1 }));
  const depth = tf.mul(draw.uniform('band-depth', options.depthDb), -LN_PER_DB);
  return tf.mul(tf.maximum(fall, depth), draw.chance('band-limit', options.probability));
}

/** Every crop as if recorded elsewhere: random filter, band limit, coloured noise and gain. */
export default defineAugmentation({
  name: 'random-channel',
  summary: 'Random filter, band limit, coloured noise and gain for every crop.',
  options: randomChannelOptions,
  apply: (wave, { name, options }) => throughRandomChannel(wave, options, name),
});
