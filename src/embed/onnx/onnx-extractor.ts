import { frameLength } from '../../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../../audio/features/feature-definition.js';
import { planHostFbank } from '../../audio/features/host-fbank.js';
import { subtractMeans } from '../../audio/features/subtract-means.js';
import { UserError } from '../../errors.js';
import type { Extractor } from '../extractor.js';
import { heardBatch } from '../heard-batch.js';
import type { HeardBatch } from '../hearing.js';
import type { OnnxModel } from './onnx-model.js';
import { openOnnxNetwork } from './onnx-network.js';
import { loadRuntime } from './runtime.js';

/** Samples from -1 to 1 are half-way numbers of 16 bits: dividing by this is exact. */
const INT16_SCALE = 32768;

/**
 * Opens an exported model with onnxruntime. It gives the vectors of the model folder: recordings are heard in the same way, and the
 * features are computed on the host; rows run by the number of their frames, for the graph knows no padding.
 * @param threads of one operation of the network; 0: one per core
 * @throws UserError where onnxruntime is missing or cannot open the file
 */
export async function openOnnxExtractor(
  model: OnnxModel,
  threads: number,
  runtime = loadRuntime(),
): Promise<{ extractor: Extractor; close(): Promise<void> }> {
  const { embeddingSize: size, features, hearing } = model.info;
  if (features.frontEnd)
    throw new UserError(
      `${model.path}: the features of this network are those of ${features.frontEnd}, and without TensorFlow only Kaldi's are computed. ` +
        'Run the model folder, where TensorFlow is set up (`voxloop setup`).',
    );
  const featuresOf = planFeatures(features);
  const { embed, close } = await openOnnxNetwork(runtime, model, threads);
  const extractor: Extractor = {
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
  return { extractor, close };
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
