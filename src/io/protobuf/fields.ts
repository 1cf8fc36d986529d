/** Protocol Buffers wire format, as much of it as voxloop writes and reads (no generated code, no schema). */

/** One field of a message: varints as bigint, length-delimited fields as bytes, 32/64-bit fields as bytes too. */
export interface Field {
  number: number;
  varint?: bigint;
  bytes?: Uint8Array;
}

/** Splits a message into its fields, in order. Throws on a message that ends inside a field. */
export function* readFields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (at >= message.length) throw new Error('protobuf message cut short');
      const byte = message[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new Error('protobuf message cut short');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    const wire = tag & 7;
    if (wire === 0) yield { number, varint: varint() };
    else if (wire === 2) yield { number, bytes: take(Number(varint())) };
    else if (wire === 1) yield { number, bytes: take(8) };
    else if (wire === 5) yield { number, bytes: take(4) };
    else throw new Error(`protobuf wire type ${wire} is not known`);
  }
}

/** A UTF-8 string field's value. */
export const textOf = (field: Field): string => Buffer.from(field.bytes ?? []).toString('utf8');

/** A signed 64-bit integer field's value as a number (exact up to 2^53). */
export const intOf = (field: Field): number => Number(BigInt.asIntN(64, field.varint ?? 0n));

function varintBytes(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** An integer, bool or enum field. */
export const intField = (number: number, value: number | bigint): number[] => [
  ...varintBytes(number << 3),
  ...varintBytes(value),
];

/** A nested message or bytes field. */
export const messageField = (number: number, bytes: ArrayLike<number>): number[] => [
  ...varintBytes((number << 3) | 2),
  ...varintBytes(bytes.length),
  ...Array.from(bytes),
];

/** A string field. */
export const stringField = (number: number, text: string): number[] => messageField(number, Buffer.from(text));

/** A double field. */
export const doubleField = (number: number, value: number): number[] => [
  ...varintBytes((number << 3) | 1),
  ...new Uint8Array(Float64Array.of(value).buffer),
];
