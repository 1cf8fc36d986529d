import { frameLength } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { planHostFbank } from '../../audio/features/host-fbank.js';
import { subtractMeans } from '../../audio/features/subtract-means.js';
import type { Extractor } from '../extractor.js';
import { heardBatch } from '../heard-batch.js';
import type { HeardBatch, Hearing } from '../hearing.js';

/** What running an exported graph needs to know, on a disk or in a browser. */
export interface GraphModel {
  embeddingSize: number;
  /** Kaldi's; those of another front end are not computed here. */
  features: FeatureDefinition;
  hearing?: Hearing;
  /** Frames that any graph takes; most take fewer. */
  minFrames: number;
}

/** Samples from -1 to 1 are half-way numbers of 16 bits: dividing by this is exact. */
const INT16_SCALE = 32768;

/**
 * An extractor over an exported graph: recordings are heard as by the model folder, the features are computed on the host, and rows
 * run by the number of their frames, for the graph knows no padding.
 * @param embed vectors [rows, embeddingSize] of rows of features [frames, bins] of one length
 */
export function graphExtractor(
  { embeddingSize: size, features, hearing }: GraphModel,
  embed: (rows: readonly Float32Array[]) => Promise<Float32Array>,
): Extractor {
  const featuresOf = planFeatures(features);
  return {
    size,
    async run(batch) {
      const heard = heardBatch(batch, hearing);
      const rows = Array.from(batch.indices, (_, row) => featuresOf(heard, row));
      const vectors = new Float32Array(rows.length * size);
      for (const group of groupsOfOneLength(rows)) {
        const found = await embed(group.map((row) => rows[row]));
        group.forEach((row, i) => {
          vectors.set(found.subarray(i * size, (i + 1) * size), row * size);
        });
      }
      return vectors;
    },
  };
}

/** The features of a row [frames, bins]. */
function planFeatures(definition: FeatureDefinition): (heard: HeardBatch, row: number) => Float32Array {
  const fbank = planHostFbank(definition);
  const [least, { bins, cmn }] = [frameLength(definition), definition];
  return ({ wave, noise, lengths }, row) => {
    // Noise pads a row shorter than a frame to one frame.
    const samples = new Float32Array(Math.max(lengths[row], least));
    const start = row * noise.length;
    for (let i = 0; i < samples.length; i++) samples[i] = Math.fround(wave[start + i] + noise[i]) / INT16_SCALE;
    const features = fbank(samples);
    if (cmn) subtractMeans(features, bins);
    return features;
  };
}

/** Places of rows that have the same number of frames. */
function groupsOfOneLength(rows: readonly Float32Array[]): number[][] {
  const groups = new Map<number, number[]>();
  rows.forEach(({ length }, row) => {
    const group = groups.get(length);
    if (group) group.push(row);
    else groups.set(length, [row]);
  });
  return [...groups.values()];
}
