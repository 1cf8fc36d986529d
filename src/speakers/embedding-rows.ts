import { noneUsable } from '../data/none-usable.js';
import { type EmbedOptions, embedRecordings, type Recording } from '../embed/embed-recordings.js';
import type { Extractor } from '../embed/extractor.js';
import type { EmbeddingRow } from './write-embeddings.js';

/** The summary of embedding a list; complete when all rows have been taken. */
export interface EmbedSummary {
  files: number;
  rows: number;
  size: number;
  /** Of audio in the recordings that could be used. */
  seconds: number;
  skipped: { file: string; reason: string }[];
}

/**
 * Embeddings of recordings as rows to write, one for each recording or for each of its windows.
 * @throws UserError, while the rows are taken, when none of the recordings can be used
 */
export function embeddingRows(
  recordings: readonly Recording[],
  extractor: Extractor,
  options: EmbedOptions,
): { rows: AsyncGenerator<EmbeddingRow>; summary: EmbedSummary } {
  const summary: EmbedSummary = { files: recordings.length, rows: 0, size: extractor.size, seconds: 0, skipped: [] };
  const rows = async function* (): AsyncGenerator<EmbeddingRow> {
    for await (const outcome of embedRecordings(recordings, extractor, options)) {
      const { name, path } = outcome.recording;
      if ('reason' in outcome) {
        summary.skipped.push({ file: path, reason: outcome.reason });
        continue;
      }
      summary.seconds += outcome.seconds;
      for (const part of outcome.parts) {
        summary.rows++;
        yield { name, path, window: options.windows !== undefined, ...part };
      }
    }
    if (summary.rows === 0) throw noneUsable(summary.skipped);
  };
  return { rows: rows(), summary };
}
