import {
  defineAugmentation,
  forSome,
  probability,
  type RowDraw,
  rangeOf,
  rowDraw,
  rowSpectra,
  SAMPLE_RATE_HZ,
  type Tensor,
  tf,
  withoutGradient,
  z,
} from '../index.js';
import { bandEdge, smoothCurve } from './parts/curves.js';

const hertz = (low: number, high: number) => rangeOf(low, high, z.number().positive());
const weight = z.number().nonnegative().default(1).describe('how often this kind is drawn, relative to the others');
const dbPerOctave = rangeOf(6, 48, z.number().positive()).describe('steepness in dB an octave');

/** Random filters; each row draws one kind. The defaults of `bandStop` are those of SpeechBrain's DropFreq. */
export const randomFilterOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ).describe('rate of the crops'),
  lowPass: z.strictObject({ weight, hz: hertz(2000, 6000), dbPerOctave }).prefault({}),
  highPass: z.strictObject({ weight, hz: hertz(80, 500), dbPerOctave }).prefault({}),
  bandStop: z
    .strictObject({
      weight,
      bands: rangeOf(1, 3, z.number().int().nonnegative()).describe('number of bands that are taken out'),
      hz: hertz(100, 7500).describe('centre frequency of a band'),
      width: z
        .number()
        .positive()
        .max(1)
        .default(0.05)
        .describe('width of a band, as a share of the Nyquist frequency'),
    })
    .prefault({}),
  equaliser: z
    .strictObject({
      weight,
      rangeDb: z.number().nonnegative().default(12).describe('largest boost and cut in dB'),
      anchors: z
        .number()
        .int()
        .min(2)
        .default(8)
        .describe('points that the curve is drawn at, evenly spaced on a log scale'),
      lowHz: z.number().positive().default(60).describe('frequency of the lowest anchor'),
      highHz: z.number().positive().default(7600).describe('frequency of the highest anchor'),
    })
    .refine(({ lowHz, highHz }) => lowHz < highHz, 'lowHz must be below highHz')
    .prefault({}),
  probability: probability(1),
});

type RandomFilterOptions = z.output<typeof randomFilterOptions>;

/**
 * Sends each row through a filter of its own, zero-phase.
 * @param wave [rows, samples] float32
 * @returns as `wave`; no gradient flows through
 */
export function randomFilter(wave: Tensor, options: RandomFilterOptions, name: string): Tensor {
  return withoutGradient(() => {
    const [rows, samples] = wave.shape as [number, number];
    const spectra = rowSpectra(rows, samples, options.sampleRateHz);
    return spectra.shaped(spectra.of(wave), tf.exp(filterCurve(spectra.groupHz, options, rowDraw(rows, name))));
  });
}

/** Log amplitude gain (natural) of the filter that each row draws, [rows, points]. */
function filterCurve(hz: Float64Array, options: RandomFilterOptions, draw: RowDraw): Tensor {
  const { lowPass, highPass, bandStop, equaliser } = options;
  const edge = (part: string, filter: RandomFilterOptions['lowPass'], sign: number) =>
    bandEdge(hz, draw, { name: part, ...filter, sign });
  const kinds: [number, () => Tensor][] = [
    [lowPass.weight, () => edge('low-pass', lowPass, 1)],
    [highPass.weight, () => edge('high-pass', highPass, -1)],
    [bandStop.weight, () => stopBands(hz, options, draw)],
    [equaliser.weight, () => smoothCurve(hz, equaliser, draw)],
  ];
  const total = kinds.reduce((sum, [share]) => sum + share, 0);
  const drawn = draw.uniform('kind', [0, total]);
  let before = 0;
  const parts = kinds.flatMap(([share, curve]) => {
    const from = before;
    before += share;
    const mine = tf.logicalAnd(tf.greaterEqual(drawn, from), tf.less(drawn, before));
    return share > 0 ? [tf.mul(curve(), tf.cast(mine, 'float32'))] : [];
  });
  return parts.reduce((sum, part) => tf.add(sum, part), tf.zeros([draw.rows, hz.length]));
}

/** Amplitude left at the centre of a notch, -60 dB. */
const NOTCH_FLOOR = 1e-3;

/** Log amplitude gain of notches, [rows, points]: a Gaussian that falls to a half at the band's edges. */
function stopBands(hz: Float64Array, { bandStop, sampleRateHz }: RandomFilterOptions, draw: RowDraw): Tensor {
  const { bands, width } = bandStop;
  const count = tf.floor(draw.uniform('bands', [bands[0], bands[1] + 1]));
  const scale = (width * sampleRateHz) / 4 / Math.sqrt(Math.LN2);
  const points = tf.tensor2d(Float32Array.from(hz), [1, hz.length]);
  const notches = Array.from({ length: bands[1] }, (_, i) => {
    const distance = tf.div(tf.sub(points, draw.uniform(`band-${i}`, bandStop.hz)), scale);
    const fall = tf.mul(tf.exp(tf.neg(tf.square(distance))), 1 - NOTCH_FLOOR);
    return tf.mul(tf.log(tf.sub(1, fall)), tf.cast(tf.less(i, count), 'float32'));
  });
  return notches.reduce((sum, notch) => tf.add(sum, notch), tf.zeros([draw.rows, hz.length]));
}

/** Random filters. */
export default defineAugmentation({
  name: 'random-filter',
  summary: 'Low-pass, high-pass, band-stop (DropFreq) or equaliser, one for each crop.',
  options: randomFilterOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => randomFilter(rows, options, part), name),
});
