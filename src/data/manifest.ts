import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { readLines } from '../io/lines.js';
import { writeLinesAtomic } from '../io/write-lines.js';
import { decimalOf } from './decimal-field.js';
import { createNameTable } from './name-table.js';

/**
 * One recording of a corpus. `path` is its name in trial lists: the file's place in the corpus folder or, where the corpus holds
 * decoded shards, only a name.
 */
export interface Utterance {
  id: string;
  path: string;
  /** null where it is unknown. */
  speaker: string | null;
  split: 'train' | 'test';
  seconds: number;
  language: string | null;
  /** `f` or `m` where the corpus says so. */
  gender?: string | null;
}

/** The recordings of a corpus folder, in the order of its manifest.tsv. */
export interface Manifest {
  dir: string;
  utterances: Utterance[];
}

const COLUMNS = ['id', 'path', 'speaker', 'split', 'seconds', 'language'] as const;
/** Columns that a manifest may lack. */
const MORE_COLUMNS = ['gender'] as const;
const UNKNOWN = '-';
const NAMES_SHOWN = 5;

/**
 * Reads DIR/manifest.tsv: a header line naming the columns id, path, speaker, split, seconds, language and, where known, gender
 * (in any order, others are ignored), then one line an utterance; `-` stands for an unknown value.
 * @throws UserError when there is no manifest, a line is broken (with its number) or an id occurs twice
 */
export function readManifest(dir: string): Manifest {
  const file = join(dir, 'manifest.tsv');
  const lines = openLines(file, dir);
  const header = lines.next().value ?? '';
  const names = header.split('\t');
  const missing = COLUMNS.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new UserError(
      `${file}:1: the header lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}.`,
    );
  }
  const columns = [...COLUMNS, ...MORE_COLUMNS].map((column) => names.indexOf(column));
  const utterances: Utterance[] = [];
  const intern = interning();
  const ids = createNameTable();
  const lineNumbers: number[] = [];
  let number = 1;
  for (const line of lines) {
    number++;
    if (line === '') continue;
    const fields = line.split('\t');
    const at = `${file}:${number}`;
    if (fields.length !== names.length) {
      throw new UserError(`${at}: expected ${names.length} tab-separated fields, got ${fields.length}.`);
    }
    const utterance = parseUtterance(
      columns.map((column) => fields[column] ?? UNKNOWN),
      at,
      intern,
    );
    const place = ids.add(utterance.id);
    if (place < utterances.length)
      throw new UserError(`${at}: the id "${utterance.id}" is on line ${lineNumbers[place]} already.`);
    lineNumbers.push(number);
    utterances.push(utterance);
  }
  if (utterances.length === 0) throw new UserError(`${file} lists no utterance.`);
  return { dir, utterances };
}

function openLines(file: string, dir: string): Generator<string> {
  if (existsSync(file)) return readLines(file);
  throw new UserError(
    existsSync(dir)
      ? `${dir} is not a corpus: it holds no manifest.tsv. Make one with \`voxloop corpus\`.`
      : `There is no folder ${dir}. Check the path, or make a corpus there with \`voxloop corpus\`.`,
  );
}

/** One string for each value that many lines share, such as a speaker's name. */
function interning(): (value: string) => string {
  const known = new Map<string, string>();
  return (value) => {
    const first = known.get(value);
    if (first === undefined) known.set(value, value);
    return first ?? value;
  };
}

function parseUtterance(fields: string[], at: string, intern: (value: string) => string): Utterance {
  const [id, path, speaker, split, seconds, language, gender] = fields;
  if (id === '' || path === '') throw new UserError(`${at}: id and path must not be empty.`);
  if (split !== 'train' && split !== 'test') {
    throw new UserError(`${at}: split must be "train" or "test", got ${JSON.stringify(split)}.`);
  }
  const duration = decimalOf(seconds);
  if (!(duration >= 0)) {
    throw new UserError(`${at}: seconds must be a number of seconds, got ${JSON.stringify(seconds)}.`);
  }
  const known = (value: string) => (value === UNKNOWN || value === '' ? null : intern(value));
  const utterance = { id, path, speaker: known(speaker), split, seconds: duration, language: known(language) } as const;
  return known(gender) === null ? utterance : { ...utterance, gender: known(gender) };
}

/**
 * Writes DIR/manifest.tsv, whole or not at all, a few lines at a time; with a column for the gender where one is known. The utterances
 * are walked twice. A field with a tab or line break in it is a UserError.
 */
export function writeManifest(dir: string, utterances: Iterable<Utterance>): void {
  const file = join(dir, 'manifest.tsv');
  writeLinesAtomic(file, manifestLines(file, utterances));
}

function* manifestLines(file: string, utterances: Iterable<Utterance>): Generator<string> {
  const withGender = someGender(utterances);
  yield [...COLUMNS, ...(withGender ? MORE_COLUMNS : [])].join('\t');
  for (const utterance of utterances) yield lineOf(utterance, withGender, file);
}

function someGender(utterances: Iterable<Utterance>): boolean {
  for (const { gender } of utterances) if (gender) return true;
  return false;
}

function lineOf(u: Utterance, withGender: boolean, file: string): string {
  const fields = [u.id, u.path, u.speaker ?? UNKNOWN, u.split, String(u.seconds), u.language ?? UNKNOWN];
  if (withGender) fields.push(u.gender ?? UNKNOWN);
  const broken = fields.find((field) => /[\t\r\n]/.test(field));
  if (broken === undefined) return fields.join('\t');
  throw new UserError(`${file}: a tab or line break cannot stand in ${JSON.stringify(broken)}.`);
}

/** Checks that every file of the manifest is there. @throws UserError with their number and the first few names */
export function checkManifest(manifest: Manifest): void {
  const missing = manifest.utterances.filter(({ path }) => !existsSync(join(manifest.dir, path)));
  if (missing.length === 0) return;
  const shown = missing.slice(0, NAMES_SHOWN).map(({ path }) => path);
  const more = missing.length > NAMES_SHOWN ? `, and ${missing.length - NAMES_SHOWN} more` : '';
  throw new UserError(
    `${join(manifest.dir, 'manifest.tsv')} names ${missing.length} file${missing.length > 1 ? 's' : ''} of ` +
      `${manifest.utterances.length} that cannot be found: ${shown.join(', ')}${more}. ` +
      'Put the files back, or make the corpus again.',
  );
}
