import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { UserError } from '../../../errors.js';
import { createNameTable } from '../../name-table.js';
import { packedRows } from '../../packed-rows.js';
import type { CorpusSummary } from '../corpus-folder.js';
import {
  buildListedCorpus,
  type ListedCorpusOptions,
  type ListedData,
  type ListedUtterance,
  listedPlan,
} from '../listed/listed-corpus.js';
import { listRecordings } from '../recordings.js';
import { openParquet, type ParquetFile } from './parquet-file.js';

/** Columns of a data set. */
export interface ParquetColumns {
  /** Of the audio: its bytes, or a struct with `bytes`. Default: `audio`, or the only struct with `bytes`. */
  audioField?: string;
  /** Of the speaker. Default: the first of `speaker`, `speaker_id` and `client_id` that is there. */
  speakerField?: string;
}

/** Options of `buildParquetCorpus`; `root` is a .parquet file or a folder of them. */
export interface ParquetCorpusOptions extends ListedCorpusOptions, ParquetColumns {}

/** Names that columns usually have. */
const USUAL = {
  name: ['id', 'utterance_id', 'file', 'path'],
  speaker: ['speaker', 'speaker_id', 'client_id'],
  language: ['language', 'lang', 'locale'],
  gender: ['gender', 'sex'],
};
type Role = keyof typeof USUAL;

/**
 * Makes a corpus of Parquet files with audio in them, as data sets of Hugging Face have it: nothing is unpacked to disk. An utterance goes by its
 * `id`, `utterance_id`, `file` or `path`, or else by the file's name and the number of its row, `train.parquet#12`.
 * @throws UserError for files without such columns, for an utterance that is named twice, and where hyparquet is not installed
 */
export function buildParquetCorpus({
  audioField,
  speakerField,
  ...options
}: ParquetCorpusOptions): Promise<CorpusSummary> {
  return buildListedCorpus(options, {
    name: 'parquet',
    origin: `The recordings of the Parquet files of \`${resolve(options.root)}\``,
    another: 'a file or folder',
    settings: { audioField: audioField ?? null, speakerField: speakerField ?? null },
    read: async (root) => listedPlan(await readParquetCorpus(root, { audioField, speakerField })),
  });
}

/** What Parquet files hold. @throws UserError as `buildParquetCorpus` */
export async function readParquetCorpus(root: string, chosen: ParquetColumns = {}): Promise<ListedData> {
  const names = createNameTable();
  const utterances = packedRows<ListedUtterance>();
  for (const path of filesOf(root)) {
    const file = await openParquet(path);
    const audio = audioColumn(path, file, chosen.audioField);
    const columns = chosenColumns(path, file, chosen.speakerField);
    for (const { from, to } of file.groups) {
      const read = [...new Set(Object.values(columns))];
      const rows = read.length > 0 ? await file.read(read, from, to) : [];
      for (let row = from; row < to; row++) {
        const textOf = (role: Role) => textIn(rows[row - from]?.[columns[role] ?? '']);
        const name = textOf('name') ?? `${relative(root, path) || path}#${row}`;
        if (names.add(name) < utterances.length)
          throw new UserError(`${path}: the utterance ${name} of row ${row} is named before.`);
        const [speaker, language, gender] = [textOf('speaker'), textOf('language'), textOf('gender')];
        utterances.push({
          name,
          path,
          part: { parquet: { column: audio, row } },
          speaker,
          language,
          gender: gender ?? undefined,
        });
      }
    }
  }
  if (utterances.length === 0) throw new UserError(`${root} holds no row.`);
  return { names, utterances };
}

function filesOf(root: string): string[] {
  if (!existsSync(root)) throw new UserError(`${root} does not exist. Give a .parquet file, or a folder of them.`);
  if (!statSync(root).isDirectory()) return [root];
  const tree = listRecordings(root, ['parquet']);
  return Array.from(tree.files, (file) => join(tree.root, file));
}

function audioColumn(path: string, { columns }: ParquetFile, chosen: string | undefined): string {
  const list = [...columns.keys()].join(', ');
  if (chosen !== undefined && !columns.has(chosen))
    throw new UserError(`${path} has no column ${chosen}. It has: ${list}.`);
  const structs = [...columns].filter(([, parts]) => parts.includes('bytes')).map(([name]) => name);
  const found = chosen ?? (columns.has('audio') ? 'audio' : structs.length === 1 ? structs[0] : undefined);
  if (found !== undefined) return found;
  throw new UserError(
    `${path} does not tell which column holds the audio: name it (--audio-field, in a recipe audioField). It has: ${list}.`,
  );
}

/** The columns of what is known about an utterance; only plain ones count. */
function chosenColumns(
  path: string,
  { columns }: ParquetFile,
  speakerField: string | undefined,
): Partial<Record<Role, string>> {
  const plain = [...columns].filter(([, parts]) => parts.length === 0).map(([name]) => name);
  if (speakerField !== undefined && !plain.includes(speakerField))
    throw new UserError(
      `${path} has no column ${speakerField} of texts or numbers. It has: ${plain.join(', ') || 'none'}.`,
    );
  const usual = { ...USUAL, ...(speakerField !== undefined && { speaker: [speakerField] }) };
  const found = Object.entries(usual).map(
    ([role, names]) => [role, names.find((name) => plain.includes(name))] as const,
  );
  return Object.fromEntries(found.filter(([, name]) => name !== undefined));
}

/** A text or number as text; null for nothing. */
function textIn(value: unknown): string | null {
  if (typeof value === 'string') return value === '' ? null : value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array && value.length > 0 ? Buffer.from(value).toString('utf8') : null;
}
