import { basename, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { streamFileAtomic } from '../atomic-stream.js';
import { readLines } from '../lines.js';
import { type OpenFile, withFile } from '../read-file.js';
import { compress, type KaldiCompression } from './compressed.js';
import { parseTextArchive, textEntry } from './text.js';
import { BINARY_MARK, binaryValue, type KaldiValue, readBinaryValue } from './value.js';

/** One entry of an archive. */
export interface KaldiEntry {
  key: string;
  value: KaldiValue;
}

const LONGEST_KEY_BYTES = 4096;

/**
 * Calls `use` with each entry of a Kaldi archive of vectors or matrices (.ark), binary or text, one at a time.
 * @throws UserError naming the file when it is missing, cut short, or holds something else
 */
export function readKaldiArchive(path: string, use: (entry: KaldiEntry) => void): void {
  const text = withFile(path, (file) => {
    if (!isBinary(file)) return true;
    for (let at = 0; at < file.bytes; ) {
      const { key, end } = readKey(file, at);
      const read = readBinaryValue(file, end);
      use({ key, value: read.value });
      at = read.end;
    }
    return false;
  });
  if (text) for (const entry of parseTextArchive(readLines(path), path)) use(entry);
}

/** An archive is text where no `\0B` stands behind its first key. */
function isBinary(file: OpenFile): boolean {
  const start = Buffer.from(file.read(0, Math.min(file.bytes, LONGEST_KEY_BYTES))).toString('latin1');
  const space = start.search(/\s/);
  return file.bytes === 0 || start.startsWith(BINARY_MARK, space + 1);
}

/** The key at a place, and where its binary value begins. */
function readKey(file: OpenFile, at: number): { key: string; end: number } {
  const bytes = Buffer.from(file.read(at, Math.min(LONGEST_KEY_BYTES, file.bytes - at)));
  const space = bytes.indexOf(' ');
  const mark = bytes.toString('latin1', space + 1, space + 1 + BINARY_MARK.length);
  if (space > 0 && mark === BINARY_MARK)
    return { key: bytes.toString('utf8', 0, space), end: at + space + 1 + BINARY_MARK.length };
  throw new UserError(
    `${file.path} is damaged or cut short at byte ${at}: a key and a binary value are expected there. Copy it again.`,
  );
}

/** Options of writing an archive. */
export interface KaldiWriteOptions {
  /** Also writes the index of the archive: lines `key archive:offset`. */
  scp?: string;
  /** Text instead of binary. */
  text?: boolean;
  /** Packs matrices; vectors stay as they are. */
  compression?: KaldiCompression;
}

/**
 * Writes a Kaldi archive, one entry at a time, whole or not at all, and its index where asked for.
 * @throws UserError for a key that is empty or holds white space, and when the files cannot be written
 */
export async function writeKaldiArchive(
  path: string,
  entries: Iterable<KaldiEntry> | AsyncIterable<KaldiEntry>,
  { scp, text, compression }: KaldiWriteOptions = {},
): Promise<void> {
  const archive = async (index?: (line: string) => void) =>
    streamFileAtomic(path, async (append) => {
      for await (const { key, value } of entries) {
        checkKey(key, path);
        if (text) {
          // A text value begins behind its key.
          const at = append(textEntry(key, value)) + Buffer.byteLength(key) + 1;
          index?.(`${key} ${resolve(path)}:${at}\n`);
          continue;
        }
        const at = append(`${key} `) + Buffer.byteLength(key) + 1;
        append(packed(value, compression));
        index?.(`${key} ${resolve(path)}:${at}\n`);
      }
    });
  if (!scp) return archive();
  await streamFileAtomic(scp, (append) => archive((line) => void append(line)));
}

function packed(value: KaldiValue, compression: KaldiCompression | undefined): Uint8Array {
  const { shape, data } = value;
  return compression && shape.length === 2 ? compress(data, shape, compression) : binaryValue(value);
}

function checkKey(key: string, path: string): void {
  if (key !== '' && !/\s/.test(key)) return;
  throw new UserError(
    `${basename(path)}: a Kaldi archive separates keys by spaces, so ${JSON.stringify(key)} cannot be one.`,
  );
}
