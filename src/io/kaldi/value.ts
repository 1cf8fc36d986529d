import { UserError } from '../../errors.js';
import type { OpenFile } from '../read-file.js';
import { decompress, type KaldiCompression, layoutOf } from './compressed.js';

/** A vector [n] or a matrix [rows, columns] of a Kaldi archive, row by row. */
export interface KaldiValue {
  shape: [number] | [number, number];
  data: Float32Array | Float64Array;
}

const INT_BYTES = 5; // a byte 4 and an int32
const TOKENS = ['FM', 'DM', 'FV', 'DV', 'CM', 'CM2', 'CM3'] as const;
type Token = (typeof TOKENS)[number];

/** The longest token with the space behind it. */
const TOKEN_BYTES = 4;

/** The bytes before a binary value. */
export const BINARY_MARK = '\0B';

/**
 * Reads a binary vector or matrix: float (FM, FV), double (DM, DV) or compressed (CM, CM2, CM3), little-endian.
 * @param at where the value begins, behind `\0B`
 * @returns the value, and where the next byte behind it stands
 * @throws UserError naming the file when the value is cut short or of another kind
 */
export function readBinaryValue(file: OpenFile, at: number): { value: KaldiValue; end: number } {
  const token = readToken(file, at);
  const start = at + token.length + 1;
  if (isCompressed(token)) return readCompressed(file, start, token);
  const dimensions = token.endsWith('M') ? 2 : 1;
  const sizes = Array.from({ length: dimensions }, (_, i) => readSize(file, start + i * INT_BYTES));
  const dataAt = start + dimensions * INT_BYTES;
  const count = sizes.reduce((product, size) => product * size, 1);
  const bytes = count * (token[0] === 'F' ? 4 : 8);
  const buffer = read(file, dataAt, bytes);
  const data = token[0] === 'F' ? new Float32Array(buffer) : new Float64Array(buffer);
  return { value: { shape: sizes as KaldiValue['shape'], data }, end: dataAt + bytes };
}

const isCompressed = (token: Token): token is KaldiCompression => token.startsWith('CM');

function readToken(file: OpenFile, at: number): Token {
  const text = Buffer.from(read(file, at, Math.min(TOKEN_BYTES, Math.max(0, file.bytes - at)))).toString('latin1');
  const token = TOKENS.find((name) => text.startsWith(`${name} `));
  if (token) return token;
  throw new UserError(
    `${file.path} has ${JSON.stringify(text)} at byte ${at}, which is not a vector or matrix of floats. ` +
      `Kaldi's kinds ${TOKENS.join(', ')} can be read.`,
  );
}

function readSize(file: OpenFile, at: number): number {
  const view = new DataView(read(file, at, INT_BYTES));
  const size = view.getInt32(1, true);
  if (view.getUint8(0) === 4 && size >= 0) return size;
  throw new UserError(`${file.path} is damaged: a size is expected at byte ${at}.`);
}

function readCompressed(file: OpenFile, at: number, kind: KaldiCompression): { value: KaldiValue; end: number } {
  const layout = layoutOf(new DataView(read(file, at, 16)), kind);
  if (layout.rows < 0 || layout.columns < 0)
    throw new UserError(`${file.path} is damaged: a negative size at byte ${at}.`);
  const body = read(file, at + 16, layout.bodyBytes);
  return {
    value: { shape: [layout.rows, layout.columns], data: decompress(body, layout) },
    end: at + 16 + layout.bodyBytes,
  };
}

/** Checked first, so that a broken size does not ask for gigabytes. */
function read(file: OpenFile, at: number, bytes: number): ArrayBuffer {
  if (at + bytes <= file.bytes) return file.read(at, bytes);
  throw new UserError(
    `${file.path} is cut short: ${bytes} bytes are needed at byte ${at}, but it has ${file.bytes} in all. Copy it again.`,
  );
}

/** The bytes of a value as Kaldi writes them, `\0B` included. */
export function binaryValue({ shape, data }: KaldiValue): Uint8Array {
  const double = data instanceof Float64Array;
  const token = `${double ? 'D' : 'F'}${shape.length === 2 ? 'M' : 'V'} `;
  const head = Buffer.alloc(BINARY_MARK.length + token.length + shape.length * INT_BYTES);
  head.write(BINARY_MARK + token, 'latin1');
  shape.forEach((size, i) => {
    const at = BINARY_MARK.length + token.length + i * INT_BYTES;
    head.writeUInt8(4, at);
    head.writeInt32LE(size, at + 1);
  });
  return Buffer.concat([head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}
