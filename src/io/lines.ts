import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { UserError } from '../errors.js';
import { readError } from './read-file.js';

const CHUNK_BYTES = 1 << 20;
/** No list has longer lines; a file that is not text must not pile up in memory. */
const LONGEST_LINE = 1 << 20;

/** True for the first bytes of UTF-16 text, which Excel and PowerShell write. */
export function beginsAsUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

/** The error of a list in UTF-16. */
export const utf16Error = (path: string): UserError =>
  new UserError(
    `${path} is UTF-16 text, and lists are read as UTF-8. Save it as UTF-8, for example: iconv -f UTF-16 -t UTF-8.`,
  );

/** True where a decoded line was no UTF-8 text, or no text at all. */
const isNoText = (line: string): boolean => line.includes('\uFFFD') || line.includes('\0');

/** The error of a line that is no UTF-8 text. */
const encodingError = (path: string, line: number): UserError =>
  new UserError(
    `${path}:${line}: the line is not UTF-8 text (perhaps Latin-1). Save the list as UTF-8, for example: iconv -f LATIN1 -t UTF-8.`,
  );

/** What is done about a line that is not UTF-8 text: it is an error, or it comes with U+FFFD in the places. */
export type BrokenText = 'refuse' | 'keep';

/**
 * The lines of a UTF-8 text file, one after the other, without line ends and byte-order mark: a list may be larger than a string
 * can be.
 * @throws UserError when the file cannot be read, is UTF-16 or no text; with its number for a line that is not UTF-8
 */
export function* readLines(path: string, brokenText: BrokenText = 'refuse'): Generator<string> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    yield* brokenText === 'keep' ? linesOf(file, path) : checked(linesOf(file, path), path);
  } catch (error) {
    throw readError(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function* checked(lines: Iterable<string>, path: string): Generator<string> {
  let number = 0;
  for (const line of lines) {
    number++;
    if (isNoText(line)) throw encodingError(path, number);
    yield line;
  }
}

function* linesOf(file: number, path: string): Generator<string> {
  const lines = lineSplitter(path);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) yield* lines.push(chunk.subarray(0, got));
  yield* lines.end();
}

/** `readLines` of bytes that come from elsewhere, such as a file that is unpacked; `path` names it in messages. */
export async function* readLinesOf(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<string> {
  const lines = lineSplitter(path);
  let number = 0;
  const check = (line: string) => {
    number++;
    if (isNoText(line)) throw encodingError(path, number);
    return line;
  };
  for await (const chunk of chunks) for (const line of lines.push(chunk)) yield check(line);
  for (const line of lines.end()) yield check(line);
}

/** Cuts text into lines as its bytes come. */
function lineSplitter(path: string): { push(bytes: Uint8Array): Generator<string>; end(): Generator<string> } {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let first = true;
  return {
    *push(bytes) {
      if (first && beginsAsUtf16(bytes)) throw utf16Error(path);
      let text = rest + decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      if (first) text = text.replace(/^\uFEFF/, '');
      first = false;
      let start = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
        start = end + 1;
      }
      rest = text.slice(start);
      if (rest.length > LONGEST_LINE)
        throw new UserError(
          `${path} is not a text list: it has a line of over a million characters. Name another file.`,
        );
    },
    *end() {
      rest += decoder.end();
      if (rest !== '') yield rest.replace(/\r$/, '');
    },
  };
}
