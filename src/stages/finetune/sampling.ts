import { drawSpeeds, speedCropSamples, speedLabels } from '../../audio/augment/speed.js';
import type { CropPlan } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import type { SamplingRule } from '../../data/crops/open-sampler.js';
import { labelsOf } from '../../data/crops/sampler.js';
import { faultsWhere } from '../../plugin/faults.js';
import type { LabelledSamples } from '../../train/finetuner.js';
import { cropSamples } from '../training/training-options.js';
import type { FinetuneOptions } from './options.js';

/** How batches come about: the crops, and the rule by which utterances come together. */
export interface BatchPlan {
  plan: CropPlan;
  /** Utterances of one speaker that come together; 1 for batches of any. */
  run: number;
  rule(labels: Int32Array, utteranceSamples: Int32Array): SamplingRule | undefined;
}

/** Batches of labelled utterances; `utterancesPerSpeaker` is what a loss that compares utterances asks for. */
export function batchPlan(
  given: FinetuneOptions,
  sampleRateHz: number,
  utterancesPerSpeaker: number | undefined,
): BatchPlan {
  const { cropSeconds, sampling, speeds, correction } = given;
  const clean = correction?.cropSeconds;
  // What is played faster needs more of the recording.
  const samplesOf = (seconds: number) => speedCropSamples(cropSamples(seconds, sampleRateHz), speeds);
  return {
    // The clean view of label correction, where that has crops of its own.
    plan: {
      count: { global: 1, local: clean === undefined ? 0 : 1 },
      samples: { global: samplesOf(cropSeconds), local: clean === undefined ? 0 : samplesOf(clean) },
    },
    run: utterancesPerSpeaker ?? 1,
    rule(labels, samples) {
      if (utterancesPerSpeaker !== undefined) return { kind: 'by-speaker', labels, utterancesPerSpeaker };
      if (sampling.kind === 'class-balanced') return { kind: 'class-balanced', labels };
      if (sampling.kind === 'shuffled') return undefined;
      return { kind: 'length-buckets', samples, crops: cropLadder(given).map(samplesOf) };
    },
  };
}

/**
 * Labels of a batch, and the speeds that it is played at: a speaker at another speed is another class, so the `each` utterances of one
 * speaker that come together are played at one speed.
 */
export function labelledBatch(
  { utterances, step }: Pick<Batch, 'utterances' | 'step'>,
  labels: Int32Array,
  { speakers, speeds, seed, each }: { speakers: number; speeds: readonly number[]; seed: number; each: number },
): Pick<LabelledSamples, 'labels' | 'speed'> {
  const own = labelsOf(labels, utterances);
  if (speeds.length === 1) return { labels: own };
  const drawn = drawSpeeds(`${seed}/speeds`, step, utterances.length / each, speeds.length);
  const speed = utterances.map((_, place) => drawn[Math.floor(place / each)]);
  return { labels: speedLabels(own, speakers, speed), speed };
}

/** Crop lengths in seconds from the shortest to the longest, by equal ratios. */
export function cropLadder({ cropSeconds, sampling }: Pick<FinetuneOptions, 'cropSeconds' | 'sampling'>): number[] {
  const { shortestSeconds = cropSeconds / 3, lengths = 3 } = sampling;
  const ratio = cropSeconds / shortestSeconds;
  return Array.from({ length: lengths }, (_, i) => shortestSeconds * ratio ** (i / (lengths - 1)));
}

/** What is wrong with how batches are to come about. */
export function samplingFaults(given: FinetuneOptions, utterancesPerSpeaker: number | undefined): string[] {
  const { sampling, cropSeconds, loss } = given;
  const { kind, shortestSeconds, lengths } = sampling;
  const stray = kind !== 'length-buckets' && (shortestSeconds !== undefined || lengths !== undefined);
  return faultsWhere([
    [
      utterancesPerSpeaker !== undefined && kind !== 'shuffled',
      () => `sampling.kind: '${loss.name}' compares utterances and makes batches of its own. Leave sampling out.`,
    ],
    [stray, () => `sampling: shortestSeconds and lengths say nothing to ${kind} batches. Leave them out.`],
    [
      (shortestSeconds ?? 0) >= cropSeconds,
      () => `sampling.shortestSeconds: ${shortestSeconds} is not below cropSeconds (${cropSeconds}), the longest.`,
    ],
  ]);
}
