import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import { WAVE_FRAME } from '../../nn/encoder/wave-of-frames.js';

/** What a speech encoder hears: the waveform, brought to zero mean and unit variance over the recording where it was trained so. */
export const encoderHearing = (isNormalised: boolean): FeatureDefinition =>
  featureDefinition.parse({
    frontEnd: 'waveform',
    bins: WAVE_FRAME,
    frameLengthMs: 25,
    frameShiftMs: 20,
    dither: 0,
    cmn: isNormalised,
  });

/** Parts of a network behind an encoder that no published encoder has. */
export const SPEAKER_HEAD = ['adapters/', 'sum/', 'pooling/', 'mhfa/', 'embedding/'];
