import type { BucketOptions } from '../data/length-buckets.js';
import type { StoredBatch } from '../data/stored-batches.js';
import {
  planBatches,
  type Stretch,
  stretchBatches,
  stretchesOf,
  type UtteranceBatch,
  type Utterances,
} from '../data/utterance-batches.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';

/** Rows times samples of a batch: a minute keeps two cores busy and stays below 2 GB with ResNet34. */
export const MAX_BATCH_SAMPLES = 64 * SAMPLE_RATE_HZ;

/** Embeds utterances of up to two minutes; `embedUtterances` takes those of any length. */
export interface Extractor {
  size: number;
  /** Vectors of a batch's utterances [indices.length, size]. */
  run(batch: UtteranceBatch): Promise<Float32Array>;
  /** The same of stored features. @throws UserError where the model hears speech levelled, which takes samples */
  runStored?(batch: StoredBatch): Promise<Float32Array>;
}

export interface BatchHooks {
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Puts the rows of `vectors` [indices.length, size] to their places in `all`. */
export function placeRows(vectors: Float32Array, indices: Int32Array, all: Float32Array, size: number): void {
  indices.forEach((index, row) => {
    all.set(vectors.subarray(row * size, (row + 1) * size), index * size);
  });
}

/** The settings of an extraction over many utterances. */
export type ExtractionOptions = BatchHooks & { bucket?: Partial<BucketOptions> };

/**
 * Vectors of utterances of any length, in their order: [utterances, size] row-major. One of more than two minutes is embedded in equal
 * stretches, whose mean is its vector: all of it is heard, in the memory of two minutes. `progress` counts stretches.
 */
export async function embedUtterances(
  utterances: Utterances,
  extractor: Extractor,
  { bucket, progress, signal }: ExtractionOptions = {},
): Promise<Float32Array> {
  const { size } = extractor;
  const stretches = stretchesOf(utterances.samples);
  const all = new Float32Array(stretches.length * size);
  let done = 0;
  const plan = planBatches(stretches, { maxBatchSamples: MAX_BATCH_SAMPLES, ...bucket });
  for (const batch of stretchBatches(stretches, utterances, plan)) {
    placeRows(await extractor.run(batch), batch.indices, all, size);
    done += batch.indices.length;
    progress?.(done, stretches.length);
    signal?.throwIfAborted();
  }
  return meansOf(all, stretches, utterances.samples.length, size);
}

/** The mean of the vectors of each utterance's stretches: [utterances, size]. */
export function meansOf(
  vectors: Float32Array,
  stretches: readonly Stretch[],
  utterances: number,
  size: number,
): Float32Array {
  if (stretches.length === utterances) return vectors;
  const [means, counts] = [new Float32Array(utterances * size), new Int32Array(utterances)];
  for (const { utterance } of stretches) counts[utterance]++;
  stretches.forEach(({ utterance }, i) => {
    for (let k = 0; k < size; k++) means[utterance * size + k] += vectors[i * size + k] / counts[utterance];
  });
  return means;
}
