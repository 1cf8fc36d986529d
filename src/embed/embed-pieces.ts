import type { BucketOptions } from '../data/length-buckets.js';
import { type BatchHooks, type Extractor, embedUtterances } from './extractor.js';

/** Vectors of pieces of audio (16 kHz int16) of any length, all of each, in batches of similar lengths: [pieces, size]. */
export function embedPieces(
  pieces: readonly Int16Array[],
  extractor: Extractor,
  options: BatchHooks & { bucket?: Partial<BucketOptions> } = {},
): Promise<Float32Array> {
  const samples = pieces.map(({ length }) => length);
  const read = (piece: number, start: number, into: Int16Array) =>
    into.set(pieces[piece].subarray(start, start + into.length));
  return embedUtterances({ samples, read }, extractor, options);
}
