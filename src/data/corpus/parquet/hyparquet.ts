import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as zlib from 'node:zlib';
import { messageOf, UserError } from '../../../errors.js';

/** The package that reads Parquet files. */
export const PARQUET_PACKAGE = 'hyparquet';

/** As much of its interface as is used. */
export interface Hyparquet {
  parquetMetadataAsync(file: ParquetBytes): Promise<ParquetMetadata>;
  parquetSchema(metadata: ParquetMetadata): { children: ParquetColumn[] };
  parquetReadObjects(options: ReadOptions): Promise<Record<string, unknown>[]>;
}

/** A file whose parts are fetched as they are needed. */
export interface ParquetBytes {
  byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

export interface ParquetMetadata {
  num_rows: bigint;
  row_groups: { num_rows: bigint }[];
}

/** A column, or a group of them. */
export interface ParquetColumn {
  element: { name: string };
  children: ParquetColumn[];
}

interface ReadOptions {
  file: ParquetBytes;
  metadata: ParquetMetadata;
  columns: readonly string[];
  rowStart: number;
  rowEnd: number;
  /** Bytes that are no text by their type stay bytes. */
  utf8: false;
  compressors: Readonly<Record<string, (input: Uint8Array) => Uint8Array>>;
}

/** Codecs beside Snappy, which the package has; Node has Zstandard from version 22.15 on. */
export const CODECS: ReadOptions['compressors'] = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ...('zstdDecompressSync' in zlib && {
    ZSTD: zlib.zstdDecompressSync as (input: Uint8Array) => Uint8Array,
  }),
};

/** Loads hyparquet from beside voxloop or from the project of the current folder. @throws UserError where it is in neither */
export async function loadHyparquet(): Promise<Hyparquet> {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    const entry = entryFrom(from);
    if (entry === undefined) continue;
    try {
      return (await import(pathToFileURL(entry).href)) as Hyparquet;
    } catch (error) {
      throw new UserError(`${entry} cannot be loaded: ${messageOf(error)}. Install ${PARQUET_PACKAGE} again.`);
    }
  }
  throw new UserError(
    `Parquet files are read by the package ${PARQUET_PACKAGE}, which is not installed. Run: npm install ${PARQUET_PACKAGE}`,
  );
}

function entryFrom(file: string): string | undefined {
  try {
    return createRequire(file).resolve(PARQUET_PACKAGE);
  } catch {
    return undefined;
  }
}
