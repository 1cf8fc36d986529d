import { z } from 'zod';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';
import { fbankOptions, frameLength, frontEnds } from './fbank-options.js';

/**
 * The features that a network expects: stored with a model and used wherever audio is turned into features (training, embedding, export).
 * `dither` applies in training only; what takes its place elsewhere is in `src/embed/hearing.ts`.
 */
export const featureDefinition = fbankOptions
  .safeExtend({
    dither: z.number().nonnegative().default(1).describe('standard deviation of noise added in training, int16 units'),
    frontEnd: z
      .enum(frontEnds)
      .optional()
      .describe(
        "whose features they are, for networks of other toolkits; Kaldi's by default. `librosa`: power in Slaney's mel filters, no logarithm; " +
          '`speechbrain`: decibels, at most 80 below the loudest. Both: samples from -1 to 1, a frame centred on every shift with silence around the signal ' +
          '(whatever snipEdges says), periodic windows, and a transform of the length of the frame. `sslsv`: the same with the signal mirrored around it, ' +
          "a transform of the next power of two, the logarithm of power in HTK's filters with energyFloor added, and with cmn a variance of 1 in each bin. " +
          '`waveform`: the samples themselves, in frames of `bins` samples, for speech ' +
          'encoders: {frontEnd: waveform, bins: 400, frameLengthMs: 25, frameShiftMs: 20}; with cmn, the recording has mean 0 and variance 1',
      ),
    cmn: z.boolean().default(true).describe("subtract each bin's mean over the utterance or crop"),
  })
  .refine(
    ({ sampleRateHz }) => sampleRateHz === SAMPLE_RATE_HZ,
    `a model expects ${SAMPLE_RATE_HZ} Hz: all audio is resampled to that rate`,
  )
  .refine(
    (options) => options.frontEnd !== 'waveform' || frameLength(options) === options.bins,
    'frontEnd: waveform has as many bins as a frame has samples, such as bins: 400 with frameLengthMs: 25',
  )
  .refine(({ snipEdges }) => snipEdges, 'a model needs snipEdges: mirrored edges would come from padding');

export type FeatureDefinition = z.output<typeof featureDefinition>;
