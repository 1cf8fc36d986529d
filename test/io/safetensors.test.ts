import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { UserError } from '../../src/errors.js';
import type { HostTensor } from '../../src/host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/npy/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'voxloop-safetensors-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** What make.py saved. */
const TENSORS: Record<string, HostTensor> = {
  'a.odd': { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
  'b.weight': { dtype: 'float32', shape: [2, 3], data: Float32Array.from([0, 1, 2, 3, 4, 5], (v) => (v - 2.5) / 3) },
  'c.steps': { dtype: 'int64', shape: [1], data: BigInt64Array.of(7n) },
  'd.codes': { dtype: 'int16', shape: [2], data: Int16Array.of(-300, 300) },
  'e.flags': { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
  'f.labels': { dtype: 'int32', shape: [1, 2], data: Int32Array.of(1, -1) },
  'g.none': { dtype: 'float32', shape: [0, 4], data: new Float32Array() },
  'h.scalar': { dtype: 'float32', shape: [], data: Float32Array.of(2.5) },
};
const METADATA = { format: 'np', note: 'ü' };

/** A file with the given header, its length told as given, and as many bytes of data. */
function fileOf(name: string, header: unknown, dataBytes: number, statedLength?: number): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(statedLength ?? text.length));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([length, text, Buffer.alloc(dataBytes)]));
  return path;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

test("what the format's own package wrote is read", (t) => {
  const { tensors, metadata } = readSafetensors(fixture('by-python.safetensors'));
  t.deepEqual(tensors, TENSORS);
  t.deepEqual(metadata, METADATA);
});

test('the same bytes are written that the package was seen to read', (t) => {
  const path = join(folder, 'written.safetensors');
  writeSafetensors(path, TENSORS, METADATA);
  t.deepEqual(readFileSync(path), readFileSync(fixture('by-voxloop.safetensors')));
});

test('the bytes depend on the content only, and every tensor is aligned', (t) => {
  const [one, other] = [join(folder, 'one.safetensors'), join(folder, 'other.safetensors')];
  writeSafetensors(one, TENSORS, METADATA);
  const reversed = (record: Record<string, unknown>) => Object.fromEntries(Object.entries(record).reverse());
  writeSafetensors(other, reversed(TENSORS) as typeof TENSORS, reversed(METADATA) as typeof METADATA);
  const bytes = readFileSync(one);
  t.deepEqual(bytes, readFileSync(other));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  t.is(headerBytes % 8, 0);
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes));
  for (const [name, { data }] of Object.entries(TENSORS)) {
    t.is(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT, 0);
  }
});

test('floats of 8 and 2 bytes, awkward names and no metadata come back', (t) => {
  const path = join(folder, 'awkward.safetensors');
  const tensors: Record<string, HostTensor> = {
    '0': { dtype: 'bfloat16', shape: [2], data: Uint16Array.of(0x3f80, 0xbf80) },
    half: { dtype: 'float16', shape: [1, 3], data: Uint16Array.of(0x3c00, 0xbc00, 0x0001) },
    double: { dtype: 'float64', shape: [2], data: Float64Array.of(Math.PI, -1e300) },
    'a/b "c" é': { dtype: 'uint8', shape: [1], data: Uint8Array.of(9) },
  };
  writeSafetensors(path, tensors, {});
  t.deepEqual(readSafetensors(path), { tensors, metadata: {} });
});

test('a tensor whose data does not fill its shape is not written', (t) => {
  const tensor: HostTensor = { dtype: 'float32', shape: [3], data: Float32Array.of(1) };
  t.throws(() => writeSafetensors(join(folder, 'x'), { tensor }, {}), { message: /tensor/ });
});

test('a file cut short anywhere is a user error that names it', (t) => {
  const whole = readFileSync(fixture('by-python.safetensors'));
  const path = join(folder, 'cut.safetensors');
  for (let length = 0; length < whole.length; length += 13) {
    writeFileSync(path, whole.subarray(0, length));
    t.throws(() => readSafetensors(path), { instanceOf: UserError, message: /cut\.safetensors is not a valid/ });
  }
});

test('headers that contradict themselves are user errors', (t) => {
  const cases: [string, RegExp][] = [
    [fileOf('text', 'x'.repeat(100), 0, 2 ** 40), /length of a header/],
    [fileOf('json', '{"a": ', 0), /not JSON/],
    [fileOf('array', '[]', 0), /not a JSON object/],
    [fileOf('overlap', { a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /b overlaps/],
    [fileOf('gap', { a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /b leaves a gap/],
    [fileOf('rest', { a: f32([1], 0, 4) }, 8), /4 bytes belong to no tensor/],
    [fileOf('size', { a: f32([3], 0, 4) }, 4), /a takes 12 bytes, but its offsets span 4/],
    [fileOf('backwards', { a: f32([1], 4, 0) }, 4), /its offsets span -4/],
    [fileOf('negative', { a: f32([-1], 0, 4) }, 4), /no valid shape and offsets/],
    [fileOf('null', { a: null }, 0), /no valid shape and offsets/],
    [fileOf('type', { a: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, 1), /F8_E4M3.*Convert/],
    [join(folder, 'none'), /does not exist/],
  ];
  for (const [path, message] of cases) {
    const error = t.throws(() => readSafetensors(path), { instanceOf: UserError, message });
    t.true(error?.message.includes(path));
  }
});
