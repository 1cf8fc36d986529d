import { once } from 'node:events';
import { UserError } from '../errors.js';
import { streamFileAtomic } from '../io/atomic-stream.js';
import { refuseInput } from '../io/inputs.js';
import { writeKaldiArchive } from '../io/kaldi/archive.js';
import { npyHeader } from '../io/npy.js';
import { openAtomic } from '../io/open-atomic.js';

/** One embedding to write. */
export interface EmbeddingRow {
  name: string;
  path: string;
  startSeconds: number;
  seconds: number;
  /** True for a window, false for a whole recording. */
  window: boolean;
  vector: Float32Array;
}

/** Writes embeddings as they come, in memory that does not grow with their number; returns the files it made. */
export type EmbeddingWriter = (rows: AsyncIterable<EmbeddingRow>, size: number) => Promise<string[]>;

/**
 * The writer for a path, by its extension: `.npy` float32 [rows, size], with a table of names and times beside it (`.tsv`); `.jsonl`,
 * or `-` for standard output, an object a line; `.ark`, a binary Kaldi archive with its index (`.scp`).
 * @throws UserError for another extension, and where the file or its table is an input of the command
 */
export function embeddingWriter(path: string): EmbeddingWriter {
  if (path === '-') return (rows) => printJsonLines(rows);
  const [, stem, extension] = /^(.*)\.([^./]*)$/.exec(path) ?? [];
  const table = `${stem}.${extension === 'npy' ? 'tsv' : 'scp'}`;
  refuseInput(path);
  if (extension !== 'jsonl') refuseInput(table);
  if (extension === 'npy') return (rows, size) => writeNpyRows(path, table, rows, size);
  if (extension === 'jsonl') return (rows) => writeJsonLines(path, rows);
  if (extension === 'ark') return (rows) => writeArchive(path, table, rows);
  throw new UserError(`${path}: embeddings are written to .npy, .jsonl or .ark files, or to - as JSON lines.`);
}

/**
 * Refuses names that the format of `path` cannot hold, before anything is computed.
 * @throws UserError for white space in a name of a Kaldi archive, and for a tab or a line end in one of the table of an .npy
 */
export function checkEmbeddingNames(path: string, names: Iterable<string>): void {
  const archive = path.endsWith('.ark');
  if (!archive && !path.endsWith('.npy')) return;
  const [broken, what, remedy] = archive
    ? [/\s/, 'white space, at which a Kaldi archive ends a name', 'Rename the file, or write .npy or .jsonl.']
    : [/[\t\r\n]/, 'a tab or a line end', 'Rename the file, or write .jsonl.'];
  for (const name of names)
    if (broken.test(name)) throw new UserError(`${JSON.stringify(name)} contains ${what}. ${remedy}`);
}

async function writeNpyRows(path: string, table: string, rows: AsyncIterable<EmbeddingRow>, size: number) {
  const file = openAtomic(path);
  try {
    let count = 0;
    file.write(npyHeader([0, size], '<f4'));
    await streamFileAtomic(table, async (append) => {
      append('name\tpath\tstart\tseconds\n');
      for await (const { name, path: source, startSeconds, seconds, vector } of rows) {
        checkEmbeddingNames(path, [name, source]);
        append(`${name}\t${source}\t${startSeconds}\t${seconds}\n`);
        file.write(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
        count++;
      }
      file.rewriteStart(npyHeader([count, size], '<f4'));
      file.commit();
    });
  } finally {
    file.discard();
  }
  return [path, table];
}

async function writeJsonLines(path: string, rows: AsyncIterable<EmbeddingRow>) {
  await streamFileAtomic(path, async (append) => {
    for await (const row of rows) append(jsonLine(row));
  });
  return [path];
}

async function printJsonLines(rows: AsyncIterable<EmbeddingRow>) {
  for await (const row of rows) if (!process.stdout.write(jsonLine(row))) await once(process.stdout, 'drain');
  return [];
}

async function writeArchive(path: string, scp: string, rows: AsyncIterable<EmbeddingRow>) {
  const entries = async function* () {
    for await (const row of rows)
      yield { key: keyOf(row), value: { shape: [row.vector.length] as [number], data: row.vector } };
  };
  await writeKaldiArchive(path, entries(), { scp });
  return [path, scp];
}

/** Nine digits hold every float32 exactly. */
function jsonLine({ name, path, startSeconds, seconds, vector }: EmbeddingRow): string {
  const embedding = Array.from(vector, (value) => Number(value.toPrecision(9)));
  return `${JSON.stringify({ name, path, start: startSeconds, seconds, embedding })}\n`;
}

/** Kaldi's usual name of a part of a recording: its ends, here in milliseconds. */
function keyOf({ name, startSeconds, seconds, window }: EmbeddingRow): string {
  const milliseconds = (time: number) => String(Math.round(1000 * time)).padStart(8, '0');
  return window ? `${name}-${milliseconds(startSeconds)}-${milliseconds(startSeconds + seconds)}` : name;
}
