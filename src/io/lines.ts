import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { UserError } from '../errors.js';
import { readError } from './read-file.js';

const CHUNK_BYTES = 1 << 20;
/** No list has longer lines; a file that is not text must not pile up in memory. */
const LONGEST_LINE = 1 << 20;

/**
 * The lines of a UTF-8 text file, one after the other, without line ends and byte-order mark: a list may be larger than a string
 * can be.
 * @throws UserError when the file cannot be read, or is not text
 */
export function* readLines(path: string): Generator<string> {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    yield* linesOf(file, path);
  } catch (error) {
    throw readError(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function* linesOf(file: number, path: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  let first = true;
  for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
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
