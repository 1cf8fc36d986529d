import {
  defineAugmentation,
  forSome,
  oneOf,
  probability,
  SAMPLE_RATE_HZ,
  type Tensor,
  withoutGradient,
  z,
} from '../index.js';
import { inEightBits, lawWeights } from './parts/eight-bits.js';
import { atRate } from './parts/low-rate.js';

export const codecOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ).describe('rate of the crops'),
  ratesHz: z
    .array(z.number().int().positive())
    .min(1)
    .default([8000, 11025, 16000])
    .describe('sampling rates of the codec, each as likely'),
  laws: lawWeights.default({ 'mu-law': 1, 'a-law': 1, linear: 1 }),
  probability: probability(1),
});

/**
 * Each row as a codec leaves it: brought to a lower rate, written in 8 bits a sample and brought back.
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

/** Codecs with 8 bits a sample. */
export default defineAugmentation({
  name: 'codec',
  summary: 'Brings crops to a lower rate and 8 bits (mu-law, A-law or linear) and back.',
  options: codecOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => throughCodec(rows, options, part), name),
});
