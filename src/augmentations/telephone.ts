import {
  defineAugmentation,
  forSome,
  probability,
  rangeOf,
  SAMPLE_RATE_HZ,
  type Tensor,
  withoutGradient,
  z,
} from '../index.js';
import { inEightBits, lawWeights } from './parts/eight-bits.js';
import { atRate } from './parts/low-rate.js';
import { randomChannelOptions, throughRandomChannel } from './random-channel.js';

const LINE_RATE_HZ = 8000;

export const telephoneOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ).describe('rate of the crops'),
  lowHz: rangeOf(200, 400, z.number().positive()).describe('lower cut-off (-3 dB)'),
  highHz: rangeOf(3000, 3600, z.number().positive()).describe('upper cut-off (-3 dB)'),
  laws: lawWeights.default({ 'mu-law': 1, 'a-law': 1, none: 1 }),
  probability: probability(1),
});

/**
 * Each row as over a telephone: the band of a narrow-band line (about 300 to 3400 Hz) and 8 bits at 8000 Hz (ITU-T G.711).
 * @param wave [rows, samples] float32 on int16 scale
 * @returns as `wave`; no gradient flows through
 */
export function overTelephone(wave: Tensor, options: z.output<typeof telephoneOptions>, name: string): Tensor {
  const { sampleRateHz, lowHz, highHz } = options;
  const line = randomChannelOptions.parse({
    sampleRateHz,
    filter: { probability: 0 },
    noise: { probability: 0 },
    gain: { probability: 0 },
    bandLimit: { probability: 1, lowHz, highHz, dbPerOctave: [24, 72] },
  });
  const band = throughRandomChannel(wave, line, `${name}/band`);
  return withoutGradient(() =>
    atRate(band, { sampleRateHz, rateHz: LINE_RATE_HZ }, (low) => inEightBits(low, options.laws, name)),
  );
}

/** A narrow-band telephone line. */
export default defineAugmentation({
  name: 'telephone',
  summary: 'Band of a telephone line, 8000 Hz and G.711.',
  options: telephoneOptions,
  apply: (wave, { name, options }) =>
    forSome(wave, options.probability, (rows, part) => overTelephone(rows, options, part), name),
});
