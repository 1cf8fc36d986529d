import { messageOf, UserError } from '../errors.js';
import { bytesPerElement, type DType, type HostTensor, sizeOf, viewOf } from '../host-tensor.js';
import { writeFileAtomic } from './atomic.js';
import { type OpenFile, piecesOf, withFile } from './read-file.js';

/** A safetensors file's content. */
export interface SafetensorsFile {
  tensors: Record<string, HostTensor>;
  metadata: Record<string, string>;
}

/** A tensor of a file that is not read yet. */
export interface SafetensorsEntry {
  /** The format's name of the element type, such as F16. */
  type: string;
  shape: number[];
  /** Place of the first byte in the file. */
  at: number;
  bytes: number;
}

interface Entry {
  type: string;
  shape: number[];
  begin: number;
  end: number;
}

const NAMES: Record<DType, string> = {
  float32: 'F32',
  float64: 'F64',
  float16: 'F16',
  bfloat16: 'BF16',
  int32: 'I32',
  uint8: 'U8',
  int16: 'I16',
  int64: 'I64',
  bool: 'BOOL',
};
const DTYPES = new Map(Object.entries(NAMES).map(([dtype, name]) => [name, dtype as DType]));

/** Bytes of an element of each of the format's types. */
const WIDTHS = new Map(
  Object.entries({
    F64: 8,
    F32: 4,
    F16: 2,
    BF16: 2,
    F8_E4M3: 1,
    F8_E5M2: 1,
    I64: 8,
    I32: 4,
    I16: 2,
    I8: 1,
    U64: 8,
    U32: 4,
    U16: 2,
    U8: 1,
    BOOL: 1,
  }),
);

const LENGTH_BYTES = 8;

/** The format's own limit; a larger length means that the file is something else. */
const LARGEST_HEADER = 100_000_000;

/**
 * Writes named tensors and text metadata, whole or not at all. Large elements stand first, then by name: so every tensor is
 * aligned to its elements without gaps (which the format forbids), and equal content gives equal bytes.
 */
export function writeSafetensors(
  path: string,
  tensors: Record<string, HostTensor>,
  metadata: Record<string, string>,
): void {
  const sorted = Object.entries(tensors).sort(([nameA, a], [nameB, b]) => {
    return bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (nameA < nameB ? -1 : 1);
  });
  const keys = Object.keys(metadata).sort();
  const header: [string, unknown][] = [['__metadata__', Object.fromEntries(keys.map((key) => [key, metadata[key]]))]];
  let at = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    const bytes = sizeOf(shape) * bytesPerElement(dtype);
    if (bytes !== data.byteLength) throw new Error(`Tensor ${name}: ${data.byteLength} bytes do not fill [${shape}].`);
    header.push([name, { dtype: NAMES[dtype], shape, data_offsets: [at, at + bytes] }]);
    at += bytes;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const text = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileAtomic(path, length, text, ...sorted.flatMap(([, { data }]) => [...piecesOf(data)]));
}

/**
 * Reads a safetensors file; each tensor gets a buffer of its own.
 *
 * @throws UserError naming the file when it is missing, of another kind, cut short, or its header contradicts itself.
 */
export function readSafetensors(path: string): SafetensorsFile {
  return withFile(path, (file) => {
    const { entries, metadata, dataAt } = readHeader(file);
    const dtypes = entries.map(([name, { type }]) => dtypeOf(file, name, type));
    const tensors = entries.map(([name, { shape, begin, end }], i): [string, HostTensor] => {
      return [name, { dtype: dtypes[i], shape, data: viewOf(dtypes[i], file.read(dataAt + begin, end - begin)) }];
    });
    return { tensors: Object.fromEntries(tensors), metadata };
  });
}

/**
 * Lists the tensors of a safetensors file of any of the format's types, and reads none.
 *
 * @throws UserError as readSafetensors does
 */
export function listSafetensors(path: string): {
  entries: ReadonlyMap<string, SafetensorsEntry>;
  metadata: Record<string, string>;
  bytes: number;
} {
  return withFile(path, (file) => {
    const { entries, metadata, dataAt } = readHeader(file);
    const listed = entries.map(([name, { type, shape, begin, end }]): [string, SafetensorsEntry] => {
      return [name, { type, shape, at: dataAt + begin, bytes: end - begin }];
    });
    return { entries: new Map(listed), metadata, bytes: file.bytes };
  });
}

function dtypeOf(file: OpenFile, name: string, type: string): DType {
  const dtype = DTYPES.get(type);
  if (dtype) return dtype;
  throw unknownType(file, name, type);
}

const unknownType = ({ path }: OpenFile, name: string, type: string) =>
  new UserError(`${path}: tensor ${name} is of type ${type}. Convert it to one of ${[...DTYPES.keys()].join(', ')}.`);

function readHeader(file: OpenFile): { entries: [string, Entry][]; metadata: Record<string, string>; dataAt: number } {
  if (file.bytes < LENGTH_BYTES + 2) throw broken(file, `it has only ${file.bytes} bytes`);
  const length = Number(new DataView(file.read(0, LENGTH_BYTES)).getBigUint64(0, true));
  if (length > LARGEST_HEADER) throw broken(file, 'it does not begin with the length of a header');
  const dataAt = LENGTH_BYTES + length;
  if (dataAt > file.bytes)
    throw broken(file, `cut short: its header takes ${length} bytes, but ${file.bytes - 8} are left`);
  const header = parseJson(file, Buffer.from(file.read(LENGTH_BYTES, length)).toString('utf8'));
  const { __metadata__: metadata = {}, ...described } = header;
  if (!isRecord(metadata)) throw broken(file, 'its metadata is not a table of texts');
  const texts = Object.entries(metadata).map(([key, value]): [string, string] => [key, String(value)]);
  const entries = Object.entries(described).map(([name, value]): [string, Entry] => [
    name,
    parseEntry(file, name, value),
  ]);
  checkLayout(file, entries, file.bytes - dataAt);
  return { entries, metadata: Object.fromEntries(texts), dataAt };
}

function parseJson(file: OpenFile, text: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (isRecord(header)) return header;
  } catch (error) {
    throw broken(file, `its header is not JSON (${messageOf(error)})`);
  }
  throw broken(file, 'its header is not a JSON object');
}

function parseEntry(file: OpenFile, name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    throw broken(file, `tensor ${name} has no valid shape and offsets`);
  const type = String(dtype);
  const width = WIDTHS.get(type);
  if (width === undefined) throw unknownType(file, name, type);
  const [begin, end] = offsets;
  const bytes = sizeOf(shape) * width;
  if (end - begin !== bytes)
    throw broken(file, `tensor ${name} takes ${bytes} bytes, but its offsets span ${end - begin}`);
  return { type, shape, begin, end };
}

/** The tensors must fill the data part without overlaps and gaps. */
function checkLayout(file: OpenFile, entries: [string, Entry][], dataBytes: number): void {
  const total = entries.reduce((largest, [, { end }]) => Math.max(largest, end), 0);
  if (total > dataBytes) throw broken(file, `cut short: its tensors take ${total} bytes, but ${dataBytes} are left`);
  let at = 0;
  for (const [name, { begin, end }] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      throw broken(file, `tensor ${name} ${begin < at ? 'overlaps the one before' : 'leaves a gap before it'}`);
    at = end;
  }
  if (at !== dataBytes) throw broken(file, `${dataBytes - at} bytes belong to no tensor`);
}

function broken(file: OpenFile, why: string): UserError {
  return new UserError(`${file.path} is not a valid safetensors file: ${why}. Copy it again, or use an earlier one.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
