import { UserError } from '../../../errors.js';
import { openParquet, type ParquetFile } from './parquet-file.js';

/** A recording that is a value of a Parquet file. */
export interface ParquetRow {
  column: string;
  /** Number of the row, from 0. */
  row: number;
}

interface Group {
  path: string;
  column: string;
  from: number;
  to: number;
  values: unknown[];
}

/**
 * Reads recordings out of Parquet files. The group of rows that held the last one is kept, for the others of it follow; `datasets` of
 * Hugging Face writes groups of a hundred.
 * @throws UserError where the row holds no audio, or the file is damaged
 */
export function openParquetAudio(): (path: string, row: ParquetRow) => Promise<Uint8Array> {
  let opened: { path: string; file: ParquetFile } | undefined;
  let kept: Group | undefined;
  return async (path, { column, row }) => {
    if (opened?.path !== path) opened = { path, file: await openParquet(path) };
    const isKept = kept?.path === path && kept.column === column && row >= kept.from && row < kept.to;
    if (!isKept) {
      const range = opened.file.groups.find(({ from, to }) => row >= from && row < to);
      if (!range) throw new UserError(`${path} has no row ${row}. It has changed: build the corpus again.`);
      const rows = await opened.file.read([column], range.from, range.to);
      kept = { path, column, ...range, values: rows.map((values) => values[column]) };
    }
    const value = kept!.values[row - kept!.from];
    const bytes = isStruct(value) ? value.bytes : value;
    if (bytes instanceof Uint8Array && bytes.length > 0) return bytes;
    throw new UserError(
      `no audio: ${path} holds no bytes in column ${column} of row ${row}${pathOf(value)}. Embed the audio when the file is written.`,
    );
  };
}

const isStruct = (value: unknown): value is { bytes?: unknown; path?: unknown } =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

const pathOf = (value: unknown): string =>
  isStruct(value) && typeof value.path === 'string' ? `, only the path ${value.path}` : '';
