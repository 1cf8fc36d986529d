import { messageOf, UserError } from '../../../errors.js';
import { withFile } from '../../../io/read-file.js';
import { CODECS, loadHyparquet } from './hyparquet.js';

/** A Parquet file, its columns at the top, and its rows. */
export interface ParquetFile {
  /** By name: the names of its parts, of which a plain column has none. */
  columns: ReadonlyMap<string, readonly string[]>;
  /** Rows of each group, in order. */
  groups: readonly { from: number; to: number }[];
  /** Values of columns; bytes stay bytes, numbers of 64 bits are bigint. @throws UserError where the file is damaged */
  read(columns: readonly string[], from: number, to: number): Promise<Record<string, unknown>[]>;
}

/** Opens a Parquet file. @throws UserError for another file or a damaged one, and where hyparquet is not installed */
export async function openParquet(path: string): Promise<ParquetFile> {
  const { parquetMetadataAsync, parquetSchema, parquetReadObjects } = await loadHyparquet();
  const byteLength = withFile(path, ({ bytes }) => bytes);
  const file = {
    byteLength,
    slice: async (start: number, end = byteLength) =>
      withFile(path, ({ read, bytes }) => {
        if (start < 0 || end < start || end > bytes) throw broken(path, 'it refers to bytes beyond its end');
        return read(start, end - start);
      }),
  };
  const attempt = async <T>(act: () => T | Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw error instanceof UserError ? error : broken(path, messageOf(error));
    }
  };
  const metadata = await attempt(() => parquetMetadataAsync(file));
  const { children } = await attempt(() => parquetSchema(metadata));
  const groups: { from: number; to: number }[] = [];
  for (const { num_rows: rows } of metadata.row_groups) {
    const from = groups.at(-1)?.to ?? 0;
    groups.push({ from, to: from + Number(rows) });
  }
  const rows = groups.at(-1)?.to ?? 0;
  // A row takes a byte at least; so the lists of rows are never much larger than the file.
  if (rows !== Number(metadata.num_rows) || rows > byteLength || groups.some(({ from, to }) => to < from))
    throw broken(path, `it claims to hold ${metadata.num_rows} rows`);
  return {
    columns: new Map(
      children.map(({ element, children: parts }) => [element.name, parts.map((part) => part.element.name)]),
    ),
    groups,
    read: (columns, from, to) =>
      attempt(() =>
        parquetReadObjects({ file, metadata, columns, rowStart: from, rowEnd: to, utf8: false, compressors: CODECS }),
      ),
  };
}

const broken = (path: string, why: string) =>
  new UserError(
    `${path} is not a Parquet file that can be read: ${why}. Copy or download it again, or write it with Snappy compression.`,
  );
