import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '../../errors.js';
import { readLines } from '../lines.js';
import { type OpenFile, withFile } from '../read-file.js';
import { type KaldiEntry, readKaldiArchive } from './archive.js';
import { parseTextArchive } from './text.js';
import { BINARY_MARK, type KaldiValue, readBinaryValue } from './value.js';

/** The place of a value: `key archive:offset`, or `key file`. */
export interface KaldiPlace {
  key: string;
  path: string;
  offset: number;
}

/**
 * Reads the index of Kaldi archives (.scp). A relative path is looked up from the current folder, as Kaldi does, and else from the
 * folder of the index.
 * @throws UserError with the line number for a broken line, and for a pipe (which is never run)
 */
export function* readKaldiScp(path: string): Generator<KaldiPlace> {
  let number = 0;
  for (const line of readLines(path)) {
    number++;
    if (line.trim() === '') continue;
    const [, key, place] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (!key) throw new UserError(`${path}:${number}: expected "KEY ARCHIVE:OFFSET", got ${JSON.stringify(line)}.`);
    if (/\||\]$/.test(place)) {
      throw new UserError(
        `${path}:${number}: ${JSON.stringify(place)} is ${place.endsWith(']') ? 'a part of a matrix' : 'a command'}; ` +
          'only files and their offsets are read here. Copy the archive first (copy-feats, copy-vector).',
      );
    }
    const [, file = place, offset = '0'] = /^(.*):(\d+)$/.exec(place) ?? [];
    yield { key, path: file, offset: Number(offset) };
  }
}

/**
 * Calls `use` with each vector or matrix that an index (.scp) or an archive (.ark) names, one at a time.
 * @throws UserError as `readKaldiScp` and `readKaldiArchive`
 */
export function readKaldi(path: string, use: (entry: KaldiEntry) => void): void {
  if (path.endsWith('.scp')) readIndexed(path, use);
  else readKaldiArchive(path, use);
}

function readIndexed(scp: string, use: (entry: KaldiEntry) => void): void {
  for (const places of runs(readKaldiScp(scp))) {
    withFile(resolveArchive(places[0].path, scp), (file) => {
      for (const { key, offset } of places) use({ key, value: valueAt(file, offset) });
    });
  }
}

/** Neighbouring lines of one archive, so that it is opened once for all of them. */
function* runs(places: Iterable<KaldiPlace>): Generator<KaldiPlace[]> {
  let run: KaldiPlace[] = [];
  for (const place of places) {
    if (run.length > 0 && run[0].path !== place.path) {
      yield run;
      run = [];
    }
    run.push(place);
  }
  if (run.length > 0) yield run;
}

/** The path of an archive that an index names. */
function resolveArchive(file: string, scp: string): string {
  if (isAbsolute(file)) return file;
  try {
    withFile(file, () => undefined);
    return file;
  } catch {
    return join(dirname(scp), file);
  }
}

/** The vector or matrix at an offset of a file. @throws UserError naming the file when it is cut short or holds something else */
export const readKaldiValue = (path: string, offset: number): KaldiValue =>
  withFile(path, (file) => valueAt(file, offset));

/** The value at an offset: binary, or the text up to its closing bracket. */
function valueAt(file: OpenFile, offset: number): KaldiValue {
  if (offset + BINARY_MARK.length > file.bytes)
    throw new UserError(
      `${file.path} is cut short: an index names byte ${offset}, but it has ${file.bytes} bytes. Copy it again.`,
    );
  const mark = Buffer.from(file.read(offset, BINARY_MARK.length)).toString('latin1');
  if (mark === BINARY_MARK) return readBinaryValue(file, offset + BINARY_MARK.length).value;
  const text = Buffer.from(file.read(offset, file.bytes - offset)).toString('utf8');
  const entry = parseTextArchive(`value ${text.slice(0, text.indexOf(']') + 1)}`.split('\n'), file.path).next();
  if (!entry.done) return entry.value.value;
  throw new UserError(`${file.path} holds no vector or matrix at byte ${offset}.`);
}

/**
 * The embeddings of a Kaldi index or archive: vectors of one length, or matrices of one row. // [names, size]
 * @throws UserError when lengths differ, a value is a matrix of several rows, a name occurs twice, or nothing is there
 */
export function readKaldiEmbeddings(path: string): { names: string[]; vectors: Float32Array; size: number } {
  const names: string[] = [];
  const rows: Float32Array[] = [];
  const seen = new Set<string>();
  readKaldi(path, ({ key, value: { shape, data } }) => {
    const fault = (what: string) =>
      new UserError(`${path}: ${key} ${what}. Embeddings are vectors of one length, each name once.`);
    if (shape.length === 2 && shape[0] !== 1) throw fault(`is a matrix of ${shape[0]} rows`);
    if (rows.length > 0 && data.length !== rows[0].length)
      throw fault(`has ${data.length} values, not ${rows[0].length}`);
    if (seen.has(key)) throw fault('occurs twice');
    seen.add(key);
    names.push(key);
    rows.push(Float32Array.from(data));
  });
  if (rows.length === 0) throw new UserError(`${path} holds no embedding.`);
  const size = rows[0].length;
  const vectors = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    vectors.set(row, i * size);
  });
  return { names, vectors, size };
}
