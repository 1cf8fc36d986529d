import { frameCount, frameShift } from '../audio/features/fbank-options.js';
import type { FeatureDefinition } from '../audio/features/feature-definition.js';
import type { FeatureReader } from './shards/reader.js';
import type { PlannedBatch, Stretch } from './utterance-batches.js';

/** Stored features of similar length. Rows past `indices.length` repeat the first one; discard their results. */
export interface StoredBatch extends PlannedBatch {
  /** float32 features, zeros behind the end of each row. // [rows, frames, bins] */
  stored: Float32Array;
  /** Frames of each row that are features. // [rows] */
  lengths: Int32Array;
}

/** As `stretchBatches`, of stored features; a stretch begins with the frame in which its first sample lies. */
export function* storedBatches(
  stretches: readonly Stretch[],
  { read, features }: { read: FeatureReader['read']; features: FeatureDefinition },
  batches: readonly PlannedBatch[],
): Generator<StoredBatch, void, void> {
  const framesOf = (samples: number) => frameCount(samples, features);
  const { bins } = features;
  for (const batch of batches) {
    const { indices, samples, rows } = batch;
    const width = framesOf(samples) * bins;
    const stored = new Float32Array(rows * width);
    const frames = new Int32Array(rows);
    for (let row = 0; row < rows; row++) {
      const { utterance, start, samples: length } = stretches[indices[row < indices.length ? row : 0]];
      frames[row] = framesOf(length);
      const at = row * width;
      read(utterance, Math.floor(start / frameShift(features)), stored.subarray(at, at + frames[row] * bins));
    }
    yield { ...batch, stored, lengths: frames };
  }
}
