import { UserError } from '../errors.js';
import { writeFileAtomic } from './atomic.js';
import { type OpenFile, piecesOf, withFile } from './read-file.js';

/** An array read from a .npy file, row-major. */
export type NpyArray = { shape: number[] } & (
  | { dtype: 'float32'; data: Float32Array }
  | { dtype: 'float64'; data: Float64Array }
  | { dtype: 'int32'; data: Int32Array }
  | { dtype: 'int64'; data: BigInt64Array }
  | { dtype: 'int8'; data: Int8Array }
  | { dtype: 'uint8'; data: Uint8Array }
);

const MAGIC = '\x93NUMPY';

/** The header's end, and so the data, stands at a multiple of this. */
const ALIGNMENT = 64;

const BYTES = { '<f4': 4, '<f8': 8, '<i4': 4, '<i8': 8, '|i1': 1, '|u1': 1, '|b1': 1 } as const;

type Descr = keyof typeof BYTES;

/**
 * Reads a NumPy array file (format 1.0, 2.0 or 3.0) in C order: little-endian float32, float64, int32 or int64, int8, uint8 or bool
 * (as uint8). The data is read into place, not copied.
 *
 * @throws UserError naming the file when it is missing, of another kind, or its length does not fit its header.
 */
export function readNpy(path: string): NpyArray {
  return withFile(path, (file) => {
    const { descr, shape, dataAt } = readHeader(file);
    const bytes = shape.reduce((product, size) => product * size, BYTES[descr]);
    const there = file.bytes - dataAt;
    if (there !== bytes) {
      const what = there < bytes ? 'is cut short' : 'is too long';
      throw new UserError(
        `${path} ${what}: an array of shape (${shape.join(', ')}) takes ${bytes} bytes, but the file has ${there}. Write it again.`,
      );
    }
    return wrap(descr, shape, file.read(dataAt, bytes));
  });
}

/**
 * Writes a NumPy array file (format 1.0, the same bytes as `numpy.save`), whole or not at all.
 *
 * @param shape its product must be the number of elements
 */
export function writeNpy(
  path: string,
  shape: readonly number[],
  data: Float32Array | Float64Array | Int32Array | BigInt64Array,
): void {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements !== data.length) throw new Error(`Shape (${shape}) holds ${elements} elements, not ${data.length}.`);
  writeFileAtomic(path, npyHeader(shape, descrOf(data)), ...piecesOf(data));
}

/** The header of a .npy file, with its padding: 128 bytes for any shape of two sizes. */
export function npyHeader(shape: readonly number[], descr: Descr): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dictionary = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const prefixBytes = MAGIC.length + 4;
  const unpadded = prefixBytes + dictionary.length + 1;
  const text = `${dictionary.padEnd(dictionary.length + ((ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT))}\n`;
  const prefix = Buffer.from(`${MAGIC}\x01\x00\x00\x00`, 'latin1');
  prefix.writeUInt16LE(text.length, MAGIC.length + 2);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

function readHeader(file: OpenFile): { descr: Descr; shape: number[]; dataAt: number } {
  const notNpy = (why: string) => new UserError(`${file.path} is not a NumPy array file (${why}). Name a .npy file.`);
  if (file.bytes < 12) throw notNpy(`${file.bytes} bytes`);
  const prefix = Buffer.from(file.read(0, 12));
  const version = prefix[6];
  if (prefix.toString('latin1', 0, 6) !== MAGIC) throw notNpy('it does not begin with the mark \\x93NUMPY');
  if (version < 1 || version > 3) throw notNpy(`format version ${version} is unknown`);
  const textAt = version === 1 ? 10 : 12;
  const textBytes = version === 1 ? prefix.readUInt16LE(8) : prefix.readUInt32LE(8);
  if (textAt + textBytes > file.bytes) throw notNpy('its header is cut short');
  const text = Buffer.from(file.read(textAt, textBytes)).toString('utf8');
  const descr = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1].replaceAll("'", '');
  const shape = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined) throw notNpy('its header lacks the type or the shape');
  if (/'fortran_order'\s*:\s*True/.test(text)) {
    throw new UserError(
      `${file.path} is in Fortran order. Save it in C order: numpy.save(path, numpy.ascontiguousarray(x)).`,
    );
  }
  if (!(descr in BYTES)) {
    throw new UserError(
      `${file.path} holds elements of type ${descr}. Convert it: numpy.save(path, x.astype('float32')).`,
    );
  }
  return { descr: descr as Descr, shape: (shape.match(/\d+/g) ?? []).map(Number), dataAt: textAt + textBytes };
}

function wrap(descr: Descr, shape: number[], buffer: ArrayBuffer): NpyArray {
  switch (descr) {
    case '<f4':
      return { dtype: 'float32', shape, data: new Float32Array(buffer) };
    case '<f8':
      return { dtype: 'float64', shape, data: new Float64Array(buffer) };
    case '<i4':
      return { dtype: 'int32', shape, data: new Int32Array(buffer) };
    case '<i8':
      return { dtype: 'int64', shape, data: new BigInt64Array(buffer) };
    case '|i1':
      return { dtype: 'int8', shape, data: new Int8Array(buffer) };
    case '|u1':
    case '|b1':
      return { dtype: 'uint8', shape, data: new Uint8Array(buffer) };
  }
}

function descrOf(data: Float32Array | Float64Array | Int32Array | BigInt64Array): Descr {
  if (data instanceof Float32Array) return '<f4';
  if (data instanceof Float64Array) return '<f8';
  return data instanceof Int32Array ? '<i4' : '<i8';
}
