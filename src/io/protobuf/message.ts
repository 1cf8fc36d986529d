import { doubleField, intField, stringField } from './fields.js';

/** A Protocol Buffers message as pieces, so that weights are neither copied nor held twice. */
export interface Message {
  bytes: number;
  pieces: Uint8Array[];
}

const wrap = (bytes: ArrayLike<number>): Message => ({ bytes: bytes.length, pieces: [Uint8Array.from(bytes)] });

export const integer = (number: number, value: number | bigint): Message => wrap(intField(number, value));
export const text = (number: number, value: string): Message => wrap(stringField(number, value));

/** A float field. */
export const float = (number: number, value: number): Message =>
  wrap([...tag(number, 5), ...new Uint8Array(Float32Array.of(value).buffer)]);

export const double = (number: number, value: number): Message => wrap(doubleField(number, value));

/** A repeated field of doubles, packed. */
export const doubles = (number: number, values: readonly number[]): Message =>
  nested(number, new Uint8Array(Float64Array.from(values).buffer));

/** The fields of a message one behind the other. */
export const message = (...fields: readonly Message[]): Message => ({
  bytes: fields.reduce((sum, { bytes }) => sum + bytes, 0),
  pieces: fields.flatMap(({ pieces }) => pieces),
});

/** A message or bytes as a field of another message. */
export function nested(number: number, content: Message | Uint8Array): Message {
  const inner = content instanceof Uint8Array ? { bytes: content.length, pieces: [content] } : content;
  const head = wrap([...tag(number, 2), ...varint(inner.bytes)]);
  return { bytes: head.bytes + inner.bytes, pieces: [head.pieces[0], ...inner.pieces] };
}

const tag = (number: number, wire: number): number[] => varint(number * 8 + wire);

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
