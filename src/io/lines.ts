import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { UserError } from '../errors.js';
import { readError } from './read-file.js';
import { beginsAsUtf16, encodingError, isNoText, utf16Error } from './text-encoding.js';

const CHUNK_BYTES = 1 << 20;
/** No list has longer lines; a file that is not text must not pile up in memory. */
const LONGEST_LINE = 1 << 20;

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
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  let first = true;
  for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
    if (first && beginsAsUtf16(chunk.subarray(0, got))) throw utf16Error(path);
    let text = rest + decoder.write(chunk.subarray(0, got));
    if (first) text = text.replace(/^\uFEFF/, '');
    first = false;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
      start = end + 1;
    }
    rest = text.slice(start);
    if (rest.length > LONGEST_LINE)
      throw new UserError(`${path} is not a text list: it has a line of over a million characters. Name another file.`);
  }
  rest += decoder.end();
  if (rest !== '') yield rest.replace(/\r$/, '');
}
