import { drawSpeeds, speedCropSamples, speedLabels } from '../../audio/augment/speed.js';
import type { FeatureDefinition } from '../../audio/features/features.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import type { SamplingRule } from '../../data/crops/open-sampler.js';
import { labelsOf } from '../../data/crops/sampler.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { LabelledSamples } from '../../train/finetuner.js';
import type { Preparation } from '../training/resolve-plugins.js';
import { cropSamples } from '../training/training-options.js';
import type { FinetuneOptions } from './options.js';

/** Batches: their crops, and the rule that puts utterances together. */
export interface BatchPlan {
  plan: CropPlan;
  /** Consecutive utterances of one speaker; 1 for batches of any. */
  run: number;
  rule(labels: Int32Array, utteranceSamples: Int32Array): SamplingRule | undefined;
}

/** The options that say how batches are put together. */
export type SamplingOptions = Pick<FinetuneOptions, 'cropSeconds' | 'sampling' | 'speeds'>;

/** Batches of labelled utterances; `utterancesPerSpeaker` where the loss compares utterances, `stored` where their features are. */
export function batchPlan(
  options: SamplingOptions & Pick<FinetuneOptions, 'correction'>,
  {
    sampleRateHz,
    utterancesPerSpeaker,
    stored,
  }: { sampleRateHz: number; utterancesPerSpeaker?: number } & Pick<CropPlan, 'stored'>,
): BatchPlan {
  const { cropSeconds, sampling, speeds, correction } = options;
  const clean = correction?.cropSeconds;
  // Faster playback takes more of the recording.
  const samplesOf = (seconds: number) => speedCropSamples(cropSamples(seconds, sampleRateHz), speeds);
  return {
    // Local crops are the clean views of label correction, where these have a length of their own.
    plan: {
      count: { global: 1, local: clean === undefined ? 0 : 1 },
      samples: { global: samplesOf(cropSeconds), local: clean === undefined ? 0 : samplesOf(clean) },
      stored,
    },
    run: utterancesPerSpeaker ?? 1,
    rule(labels, samples) {
      if (utterancesPerSpeaker !== undefined) return { kind: 'by-speaker', labels, utterancesPerSpeaker };
      if (sampling.kind === 'class-balanced') return { kind: 'class-balanced', labels };
      if (sampling.kind === 'shuffled') return undefined;
      return { kind: 'length-buckets', samples, crops: cropLadder(options).map(samplesOf) };
    },
  };
}

/** The batches of a training whose loss, where it has labels, may compare utterances of a speaker. */
export async function planBatches(
  { registry }: Pick<Preparation, 'registry'>,
  options: Parameters<typeof batchPlan>[0] & Pick<FinetuneOptions, 'loss'>,
  { features, stored, labelled = true }: PlannedFeatures & { labelled?: boolean },
): Promise<BatchPlan> {
  const loss = await registry.load('loss', options.loss.name);
  const utterancesPerSpeaker = labelled ? loss.batch?.(options.loss.options).utterancesPerSpeaker : undefined;
  return batchPlan(options, { sampleRateHz: features.sampleRateHz, utterancesPerSpeaker, stored });
}

/** What a training hears, and the features that its corpus holds. */
type PlannedFeatures = { features: FeatureDefinition } & Pick<CropPlan, 'stored'>;

/**
 * Labels of a batch, and the speeds that it is played at: a speaker at another speed is another class, so the `run` consecutive
 * utterances of one speaker are played at the same speed.
 */
export function labelledBatch(
  { utterances, step }: Pick<Batch, 'utterances' | 'step'>,
  labels: Int32Array,
  { speakers, speeds, seed, run }: { speakers: number; speeds: readonly number[]; seed: number; run: number },
): Pick<LabelledSamples, 'labels' | 'speed'> {
  const speakerLabels = labelsOf(labels, utterances);
  if (speeds.length === 1) return { labels: speakerLabels };
  const drawn = drawSpeeds(`${seed}/speeds`, step, utterances.length / run, speeds.length);
  const speed = utterances.map((_, place) => drawn[Math.floor(place / run)]);
  return { labels: speedLabels(speakerLabels, speakers, speed), speed };
}

/** Crop lengths in seconds from the shortest to the longest, by equal ratios. */
export function cropLadder({ cropSeconds, sampling }: Pick<FinetuneOptions, 'cropSeconds' | 'sampling'>): number[] {
  const { shortestSeconds = cropSeconds / 3, lengths = 3 } = sampling;
  const ratio = cropSeconds / shortestSeconds;
  return Array.from({ length: lengths }, (_, i) => shortestSeconds * ratio ** (i / (lengths - 1)));
}

/** Faults in the sampling options. */
export function samplingFaults(
  options: SamplingOptions & Pick<FinetuneOptions, 'loss'>,
  utterancesPerSpeaker: number | undefined,
): string[] {
  const { sampling, cropSeconds, loss } = options;
  const { kind, shortestSeconds, lengths } = sampling;
  const stray = kind !== 'length-buckets' && (shortestSeconds !== undefined || lengths !== undefined);
  return faultsWhere([
    [
      utterancesPerSpeaker !== undefined && kind !== 'shuffled',
      () => `sampling.kind: '${loss.name}' compares utterances and makes batches of its own. Leave sampling out.`,
    ],
    [stray, () => `sampling: shortestSeconds and lengths have no effect with ${kind} batches. Leave them out.`],
    [
      (shortestSeconds ?? 0) >= cropSeconds,
      () => `sampling.shortestSeconds: ${shortestSeconds} is not below cropSeconds (${cropSeconds}), the longest.`,
    ],
  ]);
}
