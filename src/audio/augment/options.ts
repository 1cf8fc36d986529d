import { z } from 'zod';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

const range = (low: number, high: number, kind = z.number()) =>
  z
    .tuple([kind, kind])
    .refine(([from, to]) => from <= to, 'the first must not be above the second')
    .default([low, high]);
const hertz = (low: number, high: number) => range(low, high, z.number().positive());
const probability = (value: number) => z.number().min(0).max(1).default(value);

/**
 * Random channels for waveforms. Each row draws for itself whether a kind applies (`probability`) and every number, evenly from
 * its [from, to]; frequencies evenly on a log scale. The defaults suit speaker networks trained without labels, which otherwise
 * learn to tell recordings apart by their channel.
 */
export const augmentOptions = z.strictObject({
  sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ),
  filter: z
    .strictObject({
      probability: probability(0.9),
      rangeDb: z.number().nonnegative().default(10).describe('the curve stays within plus and minus this'),
      anchors: z.number().int().min(2).default(10).describe('points of the curve, evenly on a log scale'),
      lowHz: z.number().positive().default(60).describe('the lowest anchor'),
      highHz: z.number().positive().default(7600).describe('the highest anchor'),
    })
    .refine(({ lowHz, highHz }) => lowHz < highHz, 'lowHz must be below highHz')
    .prefault({}),
  bandLimit: z
    .strictObject({
      probability: probability(0.6),
      lowHz: hertz(40, 400).describe('lower cut-off (-3 dB)'),
      highHz: hertz(3000, 8000).describe('upper cut-off (-3 dB)'),
      dbPerOctave: range(12, 72, z.number().positive()).describe('steepness, drawn for each edge'),
      depthDb: range(30, 70, z.number().positive()).describe('the most that is taken away'),
    })
    .prefault({}),
  noise: z
    .strictObject({
      probability: probability(0.8),
      snrDb: range(5, 25).describe('signal-to-noise ratio in what comes out, over the row'),
      dbPerOctave: range(-6, 0).describe("slope of the noise's spectrum: 0 is white, -3 pink, -6 brown"),
      throughChannel: probability(0.5).describe('how often filter and band limit shape the noise too'),
    })
    .prefault({}),
  gain: z.strictObject({ probability: probability(1), db: range(-6, 6) }).prefault({}),
});

export type AugmentOptions = z.output<typeof augmentOptions>;
