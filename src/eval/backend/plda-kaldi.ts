import { UserError } from '../../errors.js';
import { withFile } from '../../io/read-file.js';
import type { Plda } from './plda.js';
import { isSingular } from './singular.js';

/** Larger sizes mean that the file is something else. */
const LARGEST_SIZE = 16_384;

/** One number array of a Kaldi file: a vector has one row. */
interface KaldiArray {
  rows: number;
  columns: number;
  values: Float64Array;
}

/** Reads the next item of a Kaldi file; throws a UserError where it is of another kind. */
interface KaldiReader {
  token(expected: string): void;
  array(kind: 'vector' | 'matrix'): KaldiArray;
}

/**
 * Reads a PLDA model that Kaldi wrote (`ivector-compute-plda`), binary (float or double) or text: mean, transform and the between
 * variances of the diagonal basis.
 * @throws UserError naming the file when it is missing, cut short, of another kind, or its sizes do not fit each other
 */
export function readKaldiPlda(path: string): Plda {
  return withFile(path, (file) => parseKaldiPlda(Buffer.from(file.read(0, file.bytes)), path));
}

/** readKaldiPlda over bytes; error messages name `path`. */
export function parseKaldiPlda(bytes: Buffer, path: string): Plda {
  const broken = (why: string) =>
    new UserError(`${path} is not a PLDA model of Kaldi: ${why}. Name what ivector-compute-plda wrote.`);
  const reader = isBinary(bytes) ? binaryReader(bytes, broken) : textReader(bytes.toString('latin1'), broken);
  reader.token('<Plda>');
  const { values: mean, columns: size } = reader.array('vector');
  const transform = reader.array('matrix');
  const { values: betweenVariances } = reader.array('vector');
  reader.token('</Plda>');
  if (transform.rows !== size || transform.columns !== size || betweenVariances.length !== size || size === 0) {
    throw broken(
      `a mean of ${size}, a transform of ${transform.rows} x ${transform.columns} and ${betweenVariances.length} variances do not fit`,
    );
  }
  if ([mean, transform.values, betweenVariances].some((values) => !values.every(Number.isFinite))) {
    throw broken('it holds a number that is not finite');
  }
  if (betweenVariances.some((value) => value < 0)) throw broken('it holds a negative variance');
  if (betweenVariances.every((value) => value === 0))
    throw degenerate(path, 'all its between-speaker variances are 0, so that it tells no two speakers apart');
  if (isSingular(transform.values, size)) throw degenerate(path, 'its transform is singular');
  return { size, mean, transform: transform.values, betweenVariances };
}

const degenerate = (path: string, why: string) =>
  new UserError(`${path} cannot score: ${why}. Train the PLDA again, on more speakers with several recordings each.`);

/** True for the first bytes of a Kaldi PLDA, binary or text. */
export const looksLikeKaldiPlda = (bytes: Buffer): boolean =>
  bytes
    .toString('latin1', isBinary(bytes) ? 2 : 0, 32)
    .trimStart()
    .startsWith('<Plda>');

const isBinary = (bytes: Buffer): boolean => bytes.length > 1 && bytes[0] === 0 && bytes[1] === 0x42;

/** `\0B`, then tokens that end in a space; arrays as `DV `, `FV `, `DM ` or `FM `, sizes as \4 and int32, numbers. */
function binaryReader(bytes: Buffer, broken: (why: string) => UserError): KaldiReader {
  let at = 2;
  const take = (length: number) => {
    if (at + length > bytes.length) throw broken('it is cut short');
    at += length;
    return at - length;
  };
  const word = () => {
    const end = bytes.indexOf(0x20, at);
    if (end < 0 || end - at > 32) throw broken('a token is missing');
    const text = bytes.toString('latin1', at, end);
    at = end + 1;
    return text;
  };
  const size = () => {
    const from = take(5);
    const value = bytes.readInt32LE(from + 1);
    if (bytes[from] !== 4 || value < 0 || value > LARGEST_SIZE) throw broken('a size is invalid');
    return value;
  };
  return {
    token(expected) {
      const token = word();
      if (token !== expected) throw broken(`expected ${expected}, got ${JSON.stringify(token)}`);
    },
    array(kind) {
      const type = word();
      const letter = kind === 'vector' ? 'V' : 'M';
      if (type !== `D${letter}` && type !== `F${letter}`)
        throw broken(`expected a ${kind}, got ${JSON.stringify(type)}`);
      const rows = kind === 'vector' ? 1 : size();
      const columns = size();
      const width = type[0] === 'D' ? 8 : 4;
      const from = take(rows * columns * width);
      const values = Float64Array.from({ length: rows * columns }, (_, i) =>
        width === 8 ? bytes.readDoubleLE(from + 8 * i) : bytes.readFloatLE(from + 4 * i),
      );
      return { rows, columns, values };
    },
  };
}

/** Tokens, vectors as `[ 1 2 ]`, matrices with a line for each row. */
function textReader(text: string, broken: (why: string) => UserError): KaldiReader {
  let rest = text;
  const cut = (pattern: RegExp, expected: string) => {
    const match = pattern.exec(rest);
    if (!match) throw broken(`expected ${expected}, got ${JSON.stringify(rest.trim().slice(0, 20))}`);
    rest = rest.slice(match[0].length);
    return match[1];
  };
  return {
    token: (expected) => void cut(new RegExp(`^\\s*(${expected})(?=\\s|$)`), expected),
    array(kind) {
      const lines = cut(/^\s*\[([^\]]*)\]/, `a ${kind}`)
        .split('\n')
        .map((line) => line.trim().split(/\s+/).filter(Boolean).map(Number))
        .filter((line) => line.length > 0);
      const columns = lines[0]?.length ?? 0;
      if (lines.some((line) => line.length !== columns) || (kind === 'vector' && lines.length > 1)) {
        throw broken(`the lines of a ${kind} do not fit`);
      }
      return { rows: lines.length, columns, values: Float64Array.from(lines.flat()) };
    },
  };
}
