import { z } from 'zod';
import { withoutGradient } from '../../engine/autodiff.js';
import { fastFftLength, irfft, rfft } from '../../engine/ops/spectral.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { oneOf } from './choice.js';
import { rangeOf } from './level.js';
import { type Law, laws, quantise } from './quantise.js';
import { augment, augmentOptions } from './random-channel.js';

const weights = z
  .strictObject(Object.fromEntries(laws.map((law) => [law, z.number().nonnegative().optional()])))
  .refine((given) => Object.values(given).some((weight) => weight), 'give one of the ways a weight above 0')
  .describe(
    "how often each way of writing a sample in 8 bits is taken, against the others; 'none' changes the rate only",
  );

export const codecOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ),
  ratesHz: z
    .array(z.number().int().positive())
    .min(1)
    .default([8000, 11025, 16000])
    .describe('sampling rates on the way, each as likely'),
  laws: weights.default({ 'mu-law': 1, 'a-law': 1, linear: 1 }),
});

export const telephoneOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ),
  lowHz: rangeOf(200, 400, z.number().positive()).describe('lower cut-off (-3 dB)'),
  highHz: rangeOf(3000, 3600, z.number().positive()).describe('upper cut-off (-3 dB)'),
  laws: weights.default({ 'mu-law': 1, 'a-law': 1, none: 1 }),
});

/**
 * Each row as it sounds behind a codec: brought to a lower rate, written in 8 bits a sample and brought back.
 * @param wave [rows, samples] float32 on int16 scale
 * @returns as `wave`; no gradient flows through
 */
export function throughCodec(wave: Tensor, options: z.output<typeof codecOptions>, name: string): Tensor {
  const { sampleRateHz, ratesHz } = options;
  return withoutGradient(() =>
    oneOf(
      wave,
      ratesHz.map((rateHz) => ({
        share: 1 / ratesHz.length,
        apply: (rows: Tensor, part: string) =>
          atRate(rows, { sampleRateHz, rateHz }, (low) => inEightBits(low, options.laws, part)),
      })),
      name,
    ),
  );
}

/** Each row as through a telephone: the band of a narrow-band line (300 to 3400 Hz, more or less) and 8 bits at 8000 Hz (G.711). */
export function overTelephone(wave: Tensor, options: z.output<typeof telephoneOptions>, name: string): Tensor {
  const { sampleRateHz, lowHz, highHz } = options;
  const line = augmentOptions.parse({
    ...{ sampleRateHz, filter: { probability: 0 }, noise: { probability: 0 }, gain: { probability: 0 } },
    bandLimit: { probability: 1, lowHz, highHz, dbPerOctave: [24, 72] },
  });
  const band = augment(wave, line, `${name}/band`);
  return withoutGradient(() =>
    atRate(band, { sampleRateHz, rateHz: 8000 }, (low) => inEightBits(low, options.laws, name)),
  );
}

function inEightBits(wave: Tensor, given: Partial<Record<Law, number>>, name: string): Tensor {
  const chosen = laws.filter((law) => (given[law] ?? 0) > 0);
  const total = chosen.reduce((sum, law) => sum + given[law]!, 0);
  const branches = chosen.map((law) => ({ share: given[law]! / total, apply: (rows: Tensor) => quantise(rows, law) }));
  return oneOf(wave, branches, `${name}/law`);
}

/** The share of the lower Nyquist frequency that passes whole; from there to the Nyquist frequency a half cosine falls. */
const PASS_SHARE = 0.92;
/** Silence between a row's end and its beginning, which a transform takes for neighbours. */
const GAP_SAMPLES = 256;

interface Rates {
  sampleRateHz: number;
  rateHz: number;
}

/** Brings rows to another rate, by their spectra, applies `act` there and brings them back. */
function atRate(wave: Tensor, { sampleRateHz, rateHz }: Rates, act: (low: Tensor) => Tensor): Tensor {
  if (rateHz >= sampleRateHz) return act(wave);
  const [rows, samples] = wave.shape as [number, number];
  const shared = greatestCommonDivisor(sampleRateHz, rateHz);
  const fftLength = fastFftLength(samples + GAP_SAMPLES, (2 * sampleRateHz) / shared);
  const lowLength = (fftLength * rateHz) / sampleRateHz;
  const bins = lowLength / 2 + 1;
  const edge = tf.tensor3d(halfCosineEdge(bins), [1, bins, 1]);
  const low = tf.mul(tf.slice(rfft(wave, fftLength), [0, 0, 0], [rows, bins, 2]), edge);
  const scaled = tf.mul(irfft(low, lowLength), lowLength / fftLength);
  const back = tf.mul(rfft(act(scaled), lowLength), fftLength / lowLength);
  return tf.slice(irfft(back, fftLength), [0, 0], [rows, samples]);
}

function halfCosineEdge(bins: number): Float32Array {
  const place = (bin: number) => (bin / (bins - 1) - PASS_SHARE) / (1 - PASS_SHARE);
  return Float32Array.from({ length: bins }, (_, bin) => 0.5 + 0.5 * Math.cos(Math.PI * Math.max(0, place(bin))));
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
