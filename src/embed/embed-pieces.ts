import { type BucketOptions, lengthBuckets } from '../data/length-buckets.js';
import type { UtteranceBatch } from '../data/utterance-batches.js';
import { type BatchHooks, type Extractor, embedBatches, MAX_BATCH_SAMPLES } from './extract.js';

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
