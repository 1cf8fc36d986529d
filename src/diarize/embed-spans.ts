import { embedPieces } from '../embed/embed-pieces.js';
import type { Extractor } from '../embed/extractor.js';
import { norm, unitRows } from '../rows.js';
import { SAMPLE_RATE_HZ } from '../sample-rate.js';
import type { Span } from './segments.js';

/** Shorter spans are embedded together with the audio around them. */
const LEAST_SAMPLES = SAMPLE_RATE_HZ / 2;

/**
 * Embeddings of stretches of a recording, float32 [spans, size], each of length 1.
 * @param pcm 16 kHz int16; shorter than half a second it is padded with zeros
 */
export async function embedSpans(
  pcm: Int16Array,
  spans: readonly Span[],
  extractor: Extractor,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const pieces = spans.map((span) => pieceOf(pcm, span));
  return unitRows(await embedPieces(pieces, extractor, { signal }), extractor.size, norm);
}

function pieceOf(pcm: Int16Array, { startSeconds, endSeconds }: Span): Int16Array {
  const middle = ((startSeconds + endSeconds) / 2) * SAMPLE_RATE_HZ;
  const wanted = Math.round((endSeconds - startSeconds) * SAMPLE_RATE_HZ);
  const length = Math.min(Math.max(wanted, LEAST_SAMPLES), pcm.length);
  const start = Math.max(0, Math.min(Math.round(middle - length / 2), pcm.length - length));
  return pcm.subarray(start, start + length);
}
