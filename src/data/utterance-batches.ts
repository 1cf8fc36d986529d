import { type BucketOptions, type LengthBatch, lengthBuckets } from './length-buckets.js';
import { openReader, type ShardLayout } from './shards/reader.js';

/** Whole utterances of similar length. Rows past `indices.length` repeat the first one; discard their results. */
export interface UtteranceBatch extends LengthBatch {
  /** int16 samples, zeros behind the end of each utterance. // [rows, samples] */
  pcm: Int16Array;
  /** Samples of each row that are audio. // [rows] */
  lengths: Int32Array;
}

/**
 * Goes through all utterances (or those of `subset`) once, in batches of few static shapes: see `lengthBuckets`.
 * `indices` are numbers in the shard set. Throws a UserError that names a shard which cannot be read.
 */
export function* utteranceBatches(
  shards: ShardLayout,
  options: BucketOptions & { subset?: Int32Array },
): Generator<UtteranceBatch, void, void> {
  const { subset = Int32Array.from(shards.samples.keys()) } = options;
  const reader = openReader(shards);
  try {
    for (const batch of lengthBuckets(
      subset.map((index) => shards.samples[index]),
      options,
    )) {
      const indices = batch.indices.map((place) => subset[place]);
      const lengths = new Int32Array(batch.rows);
      const pcm = new Int16Array(batch.rows * batch.samples);
      for (let row = 0; row < batch.rows; row++) {
        const index = indices[row < indices.length ? row : 0];
        lengths[row] = Math.min(shards.samples[index], batch.samples);
        reader.read(index, 0, pcm.subarray(row * batch.samples, row * batch.samples + lengths[row]));
      }
      yield { ...batch, indices, pcm, lengths };
    }
  } finally {
    reader.close();
  }
}
