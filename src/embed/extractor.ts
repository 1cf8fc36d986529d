import type { BucketOptions, LengthBatch } from '../data/length-buckets.js';
import type { StoredBatch } from '../data/stored-batches.js';
import {
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

/** Vectors of `total` utterances, from batches that hold each of them once: [total, size]. */
export async function embedBatches<Batch extends LengthBatch>(
  batches: Iterable<Batch>,
  total: number,
  extractor: { size: number; run(batch: Batch): Promise<Float32Array> },
  { progress, signal }: BatchHooks = {},
): Promise<Float32Array> {
  const { size } = extractor;
  const all = new Float32Array(total * size);
  let done = 0;
  for (const batch of batches) {
    const vectors = await extractor.run(batch);
    batch.indices.forEach((index, row) => {
      all.set(vectors.subarray(row * size, (row + 1) * size), index * size);
    });
    done += batch.indices.length;
    progress?.(done, total);
    signal?.throwIfAborted();
  }
  return all;
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
  { bucket, ...hooks }: ExtractionOptions = {},
): Promise<Float32Array> {
  const stretches = stretchesOf(utterances.samples);
  const batches = stretchBatches(stretches, utterances, { maxBatchSamples: MAX_BATCH_SAMPLES, ...bucket });
  const vectors = await embedBatches(batches, stretches.length, extractor, hooks);
  return meansOf(vectors, stretches, utterances.samples.length, extractor.size);
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
