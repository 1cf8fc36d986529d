import { SAMPLE_RATE_HZ } from '../audio/decode/decode.js';
import { type BucketOptions, lengthBuckets } from '../data/length-buckets.js';
import type { UtteranceBatch } from '../data/utterance-batches.js';
import type { Extractor } from './extract.js';

/** Rows times samples of a batch: a minute keeps two cores busy and stays below 2 GB with ResNet34. */
export const MAX_BATCH_SAMPLES = 64 * SAMPLE_RATE_HZ;

export interface BatchHooks {
  progress?: (done: number, total: number) => void;
  signal?: AbortSignal;
}

/** Vectors of `total` utterances, from batches that hold each of them once: [total, size]. */
export async function embedBatches(
  batches: Iterable<UtteranceBatch>,
  total: number,
  extractor: Extractor,
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

/** Vectors of pieces of audio (16 kHz int16), in batches of similar lengths: [pieces, size]. */
export function embedPieces(
  pieces: readonly Int16Array[],
  extractor: Extractor,
  { bucket, ...hooks }: BatchHooks & { bucket?: Partial<BucketOptions> } = {},
): Promise<Float32Array> {
  const options = { maxBatchSamples: MAX_BATCH_SAMPLES, ...bucket };
  return embedBatches(pieceBatches(pieces, options), pieces.length, extractor, hooks);
}

/** Padding rows repeat the first piece of a batch and are discarded. */
function* pieceBatches(pieces: readonly Int16Array[], options: BucketOptions): Generator<UtteranceBatch> {
  const lengths = pieces.map(({ length }) => length);
  for (const batch of lengthBuckets(lengths, options)) {
    const { indices, samples, rows } = batch;
    const pieceOf = (row: number) => pieces[indices[row < indices.length ? row : 0]];
    const pcm = new Int16Array(rows * samples);
    for (let row = 0; row < rows; row++) pcm.set(pieceOf(row), row * samples);
    yield { ...batch, pcm, lengths: new Int32Array(rows).map((_, row) => pieceOf(row).length) };
  }
}
