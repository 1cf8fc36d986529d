import { UserError } from '../../errors.js';
import { readFields, textOf } from '../../io/protobuf/fields.js';
import { type OpenFile, withFile } from '../../io/read-file.js';

/** Field numbers of onnx.proto's ModelProto. */
const [GRAPH, METADATA] = [7, 14];

/** Wire types of its fields. */
const [NUMBER, BYTES] = [0, 2];

/** A key and a length of Protocol Buffers take at most ten bytes each. */
const HEAD_BYTES = 20;

/** The metadata of an ONNX file; the graph, which holds the weights, is stepped over. @throws UserError for any other file */
export function metadataOfFile(path: string): Record<string, string> {
  return withFile(path, (file) => {
    const fields = topFields(file);
    if (!fields?.some(({ number }) => number === GRAPH)) {
      throw new UserError(
        `${path} is not an ONNX file, or it is cut short. Name a model folder, or a file of \`voxloop export\`.`,
      );
    }
    const entries = fields.filter(({ number }) => number === METADATA);
    return Object.fromEntries(entries.map(({ at, bytes }) => entryOf(new Uint8Array(file.read(at, bytes)))));
  });
}

interface Place {
  number: number;
  at: number;
  bytes: number;
}

/** Where the fields of the file's message lie; undefined where it is no such message, or ends inside a field. */
function topFields(file: OpenFile): Place[] | undefined {
  const fields: Place[] = [];
  for (let at = 0; at < file.bytes; ) {
    const field = fieldAt(at, new Uint8Array(file.read(at, Math.min(HEAD_BYTES, file.bytes - at))));
    if (!field || field.at + field.bytes > file.bytes) return undefined;
    fields.push(field);
    at = field.at + field.bytes;
  }
  return fields;
}

/** The field that begins at `at` with the bytes `head`: a number, which is of no interest, or a length and as many bytes. */
function fieldAt(at: number, head: Uint8Array): Place | undefined {
  const key = varint(head, 0);
  const value = key && varint(head, key.end);
  if (!key || !value) return undefined;
  const [number, wire] = [Math.floor(key.value / 8), key.value % 8];
  if (number === 0 || (wire !== NUMBER && wire !== BYTES)) return undefined;
  return { number, at: at + value.end, bytes: wire === BYTES ? value.value : 0 };
}

function varint(bytes: Uint8Array, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let i = from, scale = 1; i < bytes.length; i++, scale *= 128) {
    value += (bytes[i] % 128) * scale;
    if (bytes[i] < 128) return { value, end: i + 1 };
  }
  return undefined;
}

function entryOf(message: Uint8Array): [string, string] {
  const fields = [...readFields(message)];
  const text = (number: number) => fields.filter((field) => field.number === number).map(textOf)[0] ?? '';
  return [text(1), text(2)];
}
