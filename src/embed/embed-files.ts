import { UserError } from '../errors.js';
import { embedRecordings } from './embed-recordings.js';
import type { Extractor } from './extractor.js';

export interface EmbedFilesOptions {
  /** A file that cannot be used becomes a row of NaN instead of an error. */
  skipBad: boolean;
  progress?: (done: number, total: number) => void;
}

/**
 * Embeddings of audio files, [files, size] in their order, not normalised; and the reasons for skipped files.
 * @throws UserError for a file that cannot be used, unless it is to be skipped
 */
export async function embedFiles(
  paths: readonly string[],
  extractor: Extractor,
  { skipBad, progress }: EmbedFilesOptions,
): Promise<{ vectors: Float32Array; skipped: { file: string; reason: string }[] }> {
  const { size } = extractor;
  const vectors = new Float32Array(paths.length * size).fill(Number.NaN);
  const skipped: { file: string; reason: string }[] = [];
  let place = 0;
  const recordings = paths.map((path) => ({ name: path, path }));
  for await (const outcome of embedRecordings(recordings, extractor, { progress })) {
    if ('parts' in outcome) vectors.set(outcome.parts[0].vector, place * size);
    else if (skipBad) skipped.push({ file: outcome.recording.path, reason: outcome.reason });
    else throw new UserError(outcome.reason);
    place++;
  }
  return { vectors, skipped };
}
