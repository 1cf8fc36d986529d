import { frameCount, frameShift, samplesFor } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { BYTES_PER_SAMPLE } from './format.js';

/** What the utterances of a shard folder are made of: int16 samples, or frames of stored features (float32). */
export interface ShardKind {
  /** Extension of the shard files. */
  extension: 'pcm' | 'f32';
  /** What lengths and offsets are counted in. */
  unit: 'samples' | 'frames';
  unitBytes: number;
  /** Samples from one unit to the next. */
  unitSamples: number;
}

/** The kind of a folder of samples, or of features of a definition. */
export const kindOf = (features?: FeatureDefinition): ShardKind =>
  features
    ? { extension: 'f32', unit: 'frames', unitBytes: 4 * features.bins, unitSamples: frameShift(features) }
    : { extension: 'pcm', unit: 'samples', unitBytes: BYTES_PER_SAMPLE, unitSamples: 1 };

/** Samples that an utterance of so many units lasts; frames overlap, so the last one counts whole. */
export const samplesOfUnits = (units: number, features?: FeatureDefinition): number =>
  features ? samplesFor(units, features) : units;

/** Values of a crop or stretch of so many samples: the samples, or the frames they give times bins. */
export const valuesOfSamples = (samples: number, features?: FeatureDefinition): number =>
  features ? frameCount(samples, features) * features.bins : samples;
