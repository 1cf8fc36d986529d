import { lengthBuckets } from '../data/length-buckets.js';
import type { Extractor } from '../embed/extract.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import { unitRows } from './cosines.js';
import type { Span } from './segments.js';

const MAX_BATCH_SAMPLES = 64 * SAMPLE_RATE_HZ;
/** Shorter spans are heard with what lies around them. */
const LEAST_SAMPLES = SAMPLE_RATE_HZ / 2;
/** Of longer ones the middle is heard. */
const MOST_SAMPLES = 30 * SAMPLE_RATE_HZ;

/**
 * Embeddings of stretches of a recording, float32 [spans, size], each of length 1.
 * @param pcm 16 kHz int16; shorter than half a second it is heard with zeros behind it
 */
export async function embedSpans(
  pcm: Int16Array,
  spans: readonly Span[],
  extractor: Extractor,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { size } = extractor;
  const pieces = spans.map((span) => pieceOf(pcm, span));
  const vectors = new Float32Array(spans.length * size);
  const lengths = pieces.map((piece) => piece.length);
  for (const { indices, samples, rows } of lengthBuckets(lengths, { maxBatchSamples: MAX_BATCH_SAMPLES })) {
    const batch = new Int16Array(rows * samples);
    // Rows to spare repeat the first piece; nothing of theirs is kept.
    const own = Array.from({ length: rows }, (_, row) => pieces[indices[row < indices.length ? row : 0]]);
    own.forEach((piece, row) => {
      batch.set(piece, row * samples);
    });
    const valid = Int32Array.from(own, (piece) => piece.length);
    const found = await extractor.run({ indices, samples, rows, pcm: batch, lengths: valid });
    indices.forEach((index, row) => {
      vectors.set(found.subarray(row * size, (row + 1) * size), index * size);
    });
    signal?.throwIfAborted();
  }
  return unitRows(vectors, size);
}

function pieceOf(pcm: Int16Array, { startSeconds, endSeconds }: Span): Int16Array {
  const middle = ((startSeconds + endSeconds) / 2) * SAMPLE_RATE_HZ;
  const wanted = Math.round((endSeconds - startSeconds) * SAMPLE_RATE_HZ);
  const length = Math.min(Math.max(wanted, LEAST_SAMPLES), MOST_SAMPLES, pcm.length);
  const start = Math.max(0, Math.min(Math.round(middle - length / 2), pcm.length - length));
  return pcm.subarray(start, start + length);
}
