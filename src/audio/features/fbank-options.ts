import { z } from 'zod';
import { UserError } from '../../errors.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** The options of Kaldi's compute-fbank-feats, with the defaults of speaker recognition (80 bins, Hamming, no dither). */
export const fbankOptions = z
  .strictObject({
    sampleRateHz: z.number().int().positive().default(SAMPLE_RATE_HZ).describe('rate of the samples'),
    bins: z.number().int().min(3).default(80).describe('mel bins'),
    frameLengthMs: z.number().positive().default(25),
    frameShiftMs: z.number().positive().default(10),
    window: z
      .enum(['hamming', 'povey', 'hann'])
      .default('hamming')
      .describe("shape of the analysis window; 'povey' is Kaldi's own"),
    preEmphasis: z.number().min(0).max(1).default(0.97),
    lowHz: z.number().nonnegative().default(20).describe('lower edge of the lowest bin'),
    highHz: z
      .number()
      .default(0)
      .describe('upper edge of the highest bin; 0 or less counts from the Nyquist frequency'),
    snipEdges: z.boolean().default(true).describe('whole frames only; false mirrors the signal at its ends'),
    removeDcOffset: z.boolean().default(true).describe("subtract each frame's mean"),
    dither: z
      .number()
      .nonnegative()
      .default(0)
      .describe('standard deviation of noise added to each frame, in int16 units'),
    energyFloor: z
      .number()
      .positive()
      .default(2 ** -23)
      .describe('energies below it are raised to it before the logarithm'),
  })
  .refine(({ lowHz, highHz, sampleRateHz }) => inBand(lowHz, highHz, sampleRateHz), {
    path: ['highHz'],
    message: 'lowHz must lie below highHz, and highHz at or below half the sample rate',
  });

export type FbankOptions = z.output<typeof fbankOptions>;

/** Toolkits whose features are not Kaldi's. */
export const frontEnds = ['librosa', 'speechbrain', 'sslsv', 'waveform'] as const;
export type FrontEnd = (typeof frontEnds)[number];

/** True where frames are centred on every shift, with silence around the signal. */
export const isCentred = (frontEnd?: FrontEnd): frontEnd is Exclude<FrontEnd, 'waveform'> =>
  frontEnd !== undefined && frontEnd !== 'waveform';

/** What decides how many frames there are. Of other toolkits, a frame is centred on every shift, from the first sample on. */
type Framing = FbankOptions & { frontEnd?: FrontEnd };

/** The upper band edge in Hz; 0 or less counts from the Nyquist frequency. */
export const upperHz = (highHz: number, sampleRateHz: number): number =>
  highHz > 0 ? highHz : sampleRateHz / 2 + highHz;

const inBand = (lowHz: number, highHz: number, sampleRateHz: number): boolean =>
  lowHz < upperHz(highHz, sampleRateHz) && upperHz(highHz, sampleRateHz) <= sampleRateHz / 2;

/** Samples in a frame. */
export const frameLength = ({ sampleRateHz, frameLengthMs }: FbankOptions): number =>
  Math.max(2, Math.trunc(sampleRateHz * 0.001 * frameLengthMs));

/** Samples from one frame to the next. */
export const frameShift = ({ sampleRateHz, frameShiftMs }: FbankOptions): number =>
  Math.max(1, Math.trunc(sampleRateHz * 0.001 * frameShiftMs));

/** Frames that `samples` give; 0 when there are too few. */
export function frameCount(samples: number, options: Framing): number {
  const [length, shift] = [frameLength(options), frameShift(options)];
  if (isCentred(options.frontEnd)) return samples < 1 ? 0 : 1 + Math.floor(samples / shift);
  if (!options.snipEdges) return Math.floor((samples + Math.floor(shift / 2)) / shift);
  return samples < length ? 0 : 1 + Math.floor((samples - length) / shift);
}

/** The fewest samples that give `frames` (at least 1) frames. */
export function samplesFor(frames: number, options: Framing): number {
  const shift = frameShift(options);
  if (isCentred(options.frontEnd)) return Math.max(1, (frames - 1) * shift);
  return options.snipEdges ? (frames - 1) * shift + frameLength(options) : frames * shift - Math.floor(shift / 2);
}

/** As frameCount, but too few samples for one frame are a UserError. */
export function frameCountOrFail(samples: number, options: Framing): number {
  const frames = frameCount(samples, options);
  if (frames > 0) return frames;
  throw new UserError(
    `${samples} samples are too few for a frame; features need at least ${samplesFor(1, options)} ` +
      `(${options.frameLengthMs} ms frames at ${options.sampleRateHz} Hz)`,
  );
}
