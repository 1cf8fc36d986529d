/** Kaldi's packed formats of a matrix: one byte within each column's quantiles, two bytes, or one byte, of the whole range. */
export type KaldiCompression = 'CM' | 'CM2' | 'CM3';

/** The header before the packed values. */
export interface CompressedLayout {
  kind: KaldiCompression;
  minimum: number;
  range: number;
  rows: number;
  columns: number;
  /** Bytes behind the 16 of the header. */
  bodyBytes: number;
}

const { fround } = Math;
const COLUMN_HEADER_BYTES = 8;

/** Reads the 16 bytes behind the token: smallest value and range as float32, rows and columns as int32. */
export function layoutOf(header: DataView, kind: KaldiCompression): CompressedLayout {
  const [rows, columns] = [header.getInt32(8, true), header.getInt32(12, true)];
  const values = rows * columns * (kind === 'CM2' ? 2 : 1);
  const bodyBytes = values + (kind === 'CM' ? columns * COLUMN_HEADER_BYTES : 0);
  return { kind, minimum: header.getFloat32(0, true), range: header.getFloat32(4, true), rows, columns, bodyBytes };
}

/** Unpacks the values. // [rows, columns] */
export function decompress(body: ArrayBuffer, layout: CompressedLayout): Float32Array {
  const { kind, minimum, range } = layout;
  if (kind === 'CM') return fromColumns(body, layout);
  const steps = kind === 'CM2' ? new Uint16Array(body) : new Uint8Array(body);
  const step = range / (kind === 'CM2' ? 65535 : 255);
  return Float32Array.from(steps, (value) => minimum + step * value);
}

// Kaldi's own constant for 1 / 65535.
const QUANTILE_STEP = 1.52590218966964e-5;

/** Each column: its quantiles 0, 25, 75 and 100 % as 16 bits of the whole range, and its values as 8 bits between those. */
function fromColumns(body: ArrayBuffer, { minimum, range, rows, columns }: CompressedLayout): Float32Array {
  const quantiles = new Uint16Array(body, 0, columns * 4);
  const bytes = new Uint8Array(body, columns * COLUMN_HEADER_BYTES);
  const unpacked = new Float32Array(rows * columns);
  for (let column = 0; column < columns; column++) {
    const [q0, q25, q75, q100] = Array.from(quantiles.subarray(column * 4, column * 4 + 4), (value) =>
      fround(minimum + range * QUANTILE_STEP * value),
    );
    for (let row = 0; row < rows; row++) {
      const byte = bytes[column * rows + row];
      unpacked[row * columns + column] =
        byte <= 64
          ? q0 + ((q25 - q0) * byte) / 64
          : byte <= 192
            ? q25 + ((q75 - q25) * (byte - 64)) / 128
            : q75 + ((q100 - q75) * (byte - 192)) / 63;
    }
  }
  return unpacked;
}

/** Packs a matrix [rows, columns] as Kaldi does: the bytes of an archive's value, `\0B` and token included. */
export function compress(data: Float32Array | Float64Array, [rows, columns]: [number, number], kind: KaldiCompression) {
  const values = Float32Array.from(data);
  const minimum = values.reduce((least, value) => Math.min(least, value), rows * columns === 0 ? 0 : Infinity);
  const largest = values.reduce((most, value) => Math.max(most, value), rows * columns === 0 ? 0 : -Infinity);
  // A matrix of equal values has no range of its own; Kaldi takes 1 + |value|.
  const range = fround(largest === minimum ? 1 + Math.abs(minimum) : largest - minimum);
  const token = `\0B${kind} `;
  const header = Buffer.alloc(token.length + 16);
  header.write(token, 'latin1');
  header.writeFloatLE(minimum, token.length);
  header.writeFloatLE(range, token.length + 4);
  header.writeInt32LE(rows, token.length + 8);
  header.writeInt32LE(columns, token.length + 12);
  return Buffer.concat([header, pack(values, { kind, minimum, range, rows, columns, bodyBytes: 0 })]);
}

function pack(values: Float32Array, layout: CompressedLayout): Uint8Array {
  const { kind } = layout;
  if (kind === 'CM') return packColumns(values, layout);
  const most = kind === 'CM2' ? 65535 : 255;
  const packed = kind === 'CM2' ? new Uint16Array(values.length) : new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) packed[i] = toSteps(values[i], layout, most);
  return new Uint8Array(packed.buffer);
}

/** A value as a whole number of steps from 0 to `most`: in float32 as in Kaldi, which adds 0.499 before it cuts off. */
function toSteps(value: number, { minimum, range }: CompressedLayout, most: number): number {
  const share = fround(fround(value - minimum) / range);
  return Math.trunc(fround(Math.min(1, Math.max(0, share)) * most) + 0.499);
}

function packColumns(values: Float32Array, layout: CompressedLayout): Uint8Array {
  const { minimum, range, rows, columns } = layout;
  const packed = new Uint8Array(columns * COLUMN_HEADER_BYTES + rows * columns);
  const quantiles = new Uint16Array(packed.buffer, 0, columns * 4);
  const column = new Float32Array(rows);
  for (let c = 0; c < columns; c++) {
    for (let row = 0; row < rows; row++) column[row] = values[row * columns + c];
    const steps = quantileSteps(column, (value) => toSteps(value, layout, 65535));
    quantiles.set(steps, c * 4);
    const edges = steps.map((value) => fround(minimum + range * QUANTILE_STEP * value));
    const at = columns * COLUMN_HEADER_BYTES + c * rows;
    for (let row = 0; row < rows; row++) packed[at + row] = toByte(column[row], edges);
  }
  return packed;
}

/** The four quantiles in 16-bit steps, each at least one above the one before. */
function quantileSteps(column: Float32Array, toStep: (value: number) => number): number[] {
  const sorted = column.slice().sort();
  const quarter = Math.floor(sorted.length / 4);
  const places = sorted.length >= 5 ? [0, quarter, 3 * quarter, sorted.length - 1] : [0, 1, 2, 3];
  const steps: number[] = [];
  places.forEach((place, i) => {
    const least = i === 0 ? 0 : steps[i - 1] + 1;
    steps.push(place < sorted.length ? Math.min(Math.max(toStep(sorted[place]), least), 65532 + i) : least);
  });
  return steps;
}

function toByte(value: number, [q0, q25, q75, q100]: readonly number[]): number {
  const between = (low: number, high: number, first: number, last: number) => {
    const byte = first + Math.trunc(fround(fround(fround(value - low) / fround(high - low)) * (last - first)) + 0.5);
    return Math.min(last, Math.max(first, byte));
  };
  if (value < q25) return between(q0, q25, 0, 64);
  return value < q75 ? between(q25, q75, 64, 192) : between(q75, q100, 192, 255);
}
