/** Reads bytes in order, little-endian. Every method throws what `fail` makes where the bytes end. */
export interface ByteReader {
  position(): number;
  byte(): number;
  uint32(): number;
  uint64(): bigint;
  /** Big-endian, as pickle writes it. */
  float64(): number;
  /** A signed integer of `length` bytes; a number where it is exact. */
  long(length: number): number | bigint;
  /** A view of `length` bytes. */
  bytes(length: number): Uint8Array;
  /** UTF-8 text of `length` bytes. */
  text(length: number): string;
  /** Text up to the next line feed, of at most `longest` bytes. */
  line(longest: number): string;
}

/** Opens a reader at `start`. */
export function byteReader(data: Uint8Array, start: number, fail: (why: string) => Error): ByteReader {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = start;
  const take = (length: number): number => {
    const from = at;
    if (length > data.length - at) throw fail('it is cut short');
    at += length;
    return from;
  };
  const bytes = (length: number) => {
    const from = take(length);
    return data.subarray(from, from + length);
  };
  return {
    position: () => at,
    byte: () => data[take(1)],
    uint32: () => view.getUint32(take(4), true),
    uint64: () => view.getBigUint64(take(8), true),
    float64: () => view.getFloat64(take(8), false),
    long: (length) => longOf(bytes(length)),
    bytes,
    text: (length) => Buffer.from(bytes(length)).toString('utf8'),
    line(longest) {
      const end = data.subarray(at, at + longest + 1).indexOf(0x0a);
      if (end < 0) throw fail('a name in it has no end');
      const text = Buffer.from(bytes(end)).toString('utf8');
      take(1);
      return text;
    },
  };
}

function longOf(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  const signed = BigInt.asIntN(8 * bytes.length, value);
  const exact = signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER);
  return exact ? Number(signed) : signed;
}
