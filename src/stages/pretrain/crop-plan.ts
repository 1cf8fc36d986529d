import { speedCropSamples } from '../../audio/augment/speed.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import type { CropPlan } from '../../data/crops/crops.js';
import { cropSamples } from '../training/training-options.js';

/** The usual length of local crops. */
const LOCAL_SECONDS = 2;

/** The options of pretraining that say how crops are cut. */
export interface CropOptions {
  globalSeconds: number;
  localSeconds?: number;
  disjoint: boolean;
  speeds: readonly number[];
  features: Pick<FeatureDefinition, 'sampleRateHz'>;
  /** The definition of the corpus' stored features. */
  stored?: FeatureDefinition;
}

/** How `count` crops of an utterance are cut. */
export function cropPlan(count: CropPlan['count'], options: CropOptions): CropPlan {
  const { globalSeconds, localSeconds = LOCAL_SECONDS, disjoint, speeds, features, stored } = options;
  // Faster playback takes more of the recording.
  const samplesOf = (seconds: number) => speedCropSamples(cropSamples(seconds, features.sampleRateHz), speeds);
  return { count, samples: { global: samplesOf(globalSeconds), local: samplesOf(localSeconds) }, disjoint, stored };
}

/** What is wrong with the lengths of crops: local ones show a part of what global ones show, so that students learn the whole from parts. */
export function cropFaults(
  { globalSeconds, localSeconds }: Pick<CropOptions, 'globalSeconds' | 'localSeconds'>,
  count: CropPlan['count'],
): string[] {
  const local = localSeconds ?? LOCAL_SECONDS;
  if (count.local === 0 || local <= globalSeconds) return [];
  const stated = localSeconds === undefined ? `${local} by default` : local;
  return [
    `localSeconds: local crops (${stated}) are longer than global ones (globalSeconds: ${globalSeconds}). Lower it.`,
  ];
}

/** Seconds of crops cut from one utterance of a batch. */
export const cropSeconds = (
  count: CropPlan['count'],
  { globalSeconds, localSeconds = LOCAL_SECONDS }: Pick<CropOptions, 'globalSeconds' | 'localSeconds'>,
): number => count.global * globalSeconds + count.local * localSeconds;
