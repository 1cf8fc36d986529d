import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../src/errors.js';
import type { Checkpoint } from '../../src/import/checkpoint/checkpoint.js';
import { openCheckpoint } from '../../src/import/checkpoint/open-checkpoint.js';
import * as p from '../helpers/published-files/pickle-writer.js';
import { type ZipMember, zipOf } from '../helpers/published-files/zip-writer.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** A file of torch.save: a state dict, its storages by their keys, and whatever else. */
function torchFile(
  tensors: Record<string, p.TensorCode>,
  storages: Record<string, Uint8Array>,
  more: ZipMember[] = [],
) {
  const codes = Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, p.tensor(tensor)]));
  const blocks = Object.entries(storages).map(([key, data]) => ({ name: `archive/data/${key}`, data }));
  return zipOf([{ name: 'archive/data.pkl', data: p.pickle(p.dictOf(codes)) }, ...blocks, ...more]);
}

function open(t: ExecutionContext, content: Uint8Array, name = 'weights.pt'): Promise<Checkpoint> {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, content);
  return openCheckpoint(path);
}

/** Asserts that a file is refused, as the user's fault, for a reason. */
const refused = (t: ExecutionContext, content: Uint8Array, message: RegExp) =>
  t.throwsAsync(open(t, content), { instanceOf: UserError, message });

const valuesOf = ({ tensors }: Checkpoint, name: string) => [...tensors.get(name)!.read()];

test('tensors are views of their storages: offset, strides and shape are honoured', async (t) => {
  const storage = floats(0, 1, 2, 3, 4, 5, 6, 7);
  const checkpoint = await open(
    t,
    torchFile(
      {
        'module.rows': { key: '0', shape: [2, 3], offset: 1, count: 8 },
        transposed: { key: '0', shape: [3, 2], strides: [1, 3], offset: 1, count: 8 },
        column: { key: '0', shape: [4], strides: [2], count: 8 },
        scalar: { key: '0', shape: [], offset: 7, count: 8 },
        empty: { key: '0', shape: [0, 3], count: 8 },
      },
      { 0: storage },
    ),
  );
  t.deepEqual(valuesOf(checkpoint, 'rows'), [1, 2, 3, 4, 5, 6]);
  t.deepEqual(valuesOf(checkpoint, 'transposed'), [1, 4, 2, 5, 3, 6]);
  t.deepEqual(valuesOf(checkpoint, 'column'), [0, 2, 4, 6]);
  t.deepEqual(valuesOf(checkpoint, 'scalar'), [7]);
  t.deepEqual(valuesOf(checkpoint, 'empty'), []);
});

test('half, bfloat16 and double become float32, and integers are no weights', async (t) => {
  const checkpoint = await open(
    t,
    torchFile(
      {
        half: { key: '0', shape: [3], storage: 'HalfStorage' },
        brain: { key: '1', shape: [2], storage: 'BFloat16Storage' },
        double: { key: '2', shape: [2], storage: 'DoubleStorage' },
        counter: { key: '3', shape: [], storage: 'LongStorage' },
      },
      {
        0: new Uint8Array(Uint16Array.of(0x3c00, 0xc500, 0x0001).buffer),
        1: new Uint8Array(Uint16Array.of(0x3fc0, 0xc040).buffer),
        2: new Uint8Array(Float64Array.of(0.1, -3).buffer),
        3: new Uint8Array(8),
      },
    ),
  );
  t.deepEqual(valuesOf(checkpoint, 'half'), [1, -5, 2 ** -24]);
  t.deepEqual(valuesOf(checkpoint, 'brain'), [1.5, -3]);
  t.deepEqual(valuesOf(checkpoint, 'double'), [Math.fround(0.1), -3]);
  t.throws(() => valuesOf(checkpoint, 'counter'), { instanceOf: UserError, message: /counter \[\] is of type long/ });
});

test('weights under the usual keys of whole checkpoints are found, and what lies beside them can be asked for', async (t) => {
  const weights = p.dictOf({ weight: p.tensor({ key: '0', shape: [1] }) });
  for (const key of ['state_dict', 'model', 'model_state_dict']) {
    const data = p.pickle(
      p.dictOf({ epoch: p.integer(3), [key]: weights, hyper: p.dictOf({ window: p.text('povey') }) }),
    );
    const checkpoint = await open(
      t,
      zipOf([
        { name: 'a/data.pkl', data },
        { name: 'a/data/0', data: floats(5) },
      ]),
    );
    t.deepEqual(valuesOf(checkpoint, 'weight'), [5]);
    t.is(checkpoint.note('epoch'), 3);
    t.is(checkpoint.note('hyper', 'window'), 'povey');
    t.is(checkpoint.note('hyper'), undefined);
  }
});

const one = { weight: { key: '0', shape: [2] } };

test('a tensor beyond its storage, a storage beyond its block, and repeating strides are refused by name', async (t) => {
  const block = { 0: floats(1, 2) };
  const weight = (tensor: Partial<p.TensorCode>) => torchFile({ weight: { key: '0', shape: [2], ...tensor } }, block);
  await refused(t, weight({ shape: [3], count: 2 }), /weight \[3\] reaches beyond its 2 stored numbers/);
  await refused(t, weight({ offset: 1, count: 2 }), /weight \[2\] reaches beyond/);
  await refused(t, weight({ shape: [2], strides: [2], count: 2 }), /weight \[2\] reaches beyond/);
  await refused(t, weight({ shape: [1000], count: 1000 }), /needs 4000 bytes, and the file holds 8/);
  await refused(
    t,
    weight({ shape: [2 ** 30, 2 ** 30], strides: [0, 0], count: 2 }),
    /weight .* repeats its stored numbers/,
  );
  await refused(t, weight({ shape: [2 ** 31 - 1, 2 ** 31 - 1], count: 2 }), /weight .* reaches beyond/);
  await refused(t, torchFile({ weight: { key: '../0', shape: [2] } }, block), /numbers of tensor weight are missing/);
  await refused(t, torchFile(one, {}), /numbers of tensor weight are missing/);
});

test('negative and absurd sizes are not taken for a tensor', async (t) => {
  const codes = p.dictOf({ weight: p.tensor({ key: '0', shape: [-1], strides: [1], count: 2 }) });
  const content = zipOf([
    { name: 'a/data.pkl', data: p.pickle(codes) },
    { name: 'a/data/0', data: floats(1, 2) },
  ]);
  await refused(t, content, /holds no tensors by name/);
});

test('an archive is refused where it is no archive of PyTorch', async (t) => {
  const block = { 0: floats(1, 2) };
  await refused(t, zipOf([{ name: 'readme.txt', data: Buffer.from('x') }]), /0 files data\.pkl instead of one/);
  await refused(t, torchFile(one, block, [{ name: 'other/data.pkl', data: p.pickle(p.none) }]), /2 files data\.pkl/);
  await refused(t, torchFile(one, block, [{ name: 'archive/data/0', data: floats(3, 4) }]), /"archive\/data\/0" twice/);
  await refused(
    t,
    torchFile(one, block, [{ name: 'archive/byteorder', data: Buffer.from('big') }]),
    /byte order is "big"/,
  );
  await refused(t, zipOf([{ name: 'a/data.pkl', data: p.pickle(p.integer(1)) }]), /holds no tensors by name/);
  await refused(t, zipOf([{ name: 'a/data.pkl', data: p.pickle(p.none), crc32: 1 }]), /does not match its checksum/);
});

test('numbers that do not match their checksum are refused when they are read', async (t) => {
  const data = p.pickle(p.dictOf({ weight: p.tensor({ key: '0', shape: [2] }) }));
  const block = { name: 'a/data/0', data: floats(1, 2), crc32: 5 };
  const checkpoint = await open(t, zipOf([{ name: 'a/data.pkl', data }, block]));
  t.throws(() => valuesOf(checkpoint, 'weight'), {
    instanceOf: UserError,
    message: /weight \[2\] does not match its checksum/,
  });
});

test('a name that leads out of the archive is refused', async (t) => {
  for (const name of ['../evil', 'archive/../../evil', '/etc/evil', 'C:/evil', 'archive\\..\\evil\0'])
    await refused(
      t,
      torchFile(one, { 0: floats(1, 2) }, [{ name, data: floats(0) }]),
      /is not a file of torch\.save: .*evil/,
    );
});

test('an archive that grows when it is unpacked is refused before anything is', async (t) => {
  const zeros = new Uint8Array(50_000_000);
  const bomb = zipOf([{ name: 'archive/data.pkl', data: zeros, compressed: true }]);
  t.true(bomb.length < 100_000);
  await refused(t, bomb, /"archive\/data\.pkl" is compressed/);
  const block = { 0: floats(1, 2) };
  const lying = [{ name: 'archive/data/1', data: floats(1), size: 2 ** 31 }];
  await refused(t, torchFile(one, block, lying), /larger than the file|overflows file bounds/);
  // Many members at one place.
  const copies = Array.from({ length: 200 }, (_, i) => ({
    name: `archive/data/${i + 1}`,
    data: new Uint8Array(4000),
    at: 0,
  }));
  await refused(t, torchFile(one, block, copies), /larger than the file/);
});

test('a pickle too long to be names of weights is refused', async (t) => {
  const long = Buffer.alloc((1 << 24) + 1, '.');
  await refused(t, zipOf([{ name: 'a/data.pkl', data: long }]), /too many for names of weights/);
});

test('a file cut off anywhere is refused', async (t) => {
  const whole = torchFile(one, { 0: floats(1, 2) });
  for (let length = 0; length < whole.length; length += 7)
    await t.throwsAsync(open(t, whole.subarray(0, length)), { instanceOf: UserError });
});

test('damaged bytes give tensors or a UserError, never anything else', async (t) => {
  const whole = torchFile(one, { 0: floats(1, 2) });
  for (let at = 0; at < whole.length; at++) {
    const damaged = Uint8Array.from(whole);
    damaged[at] ^= 1 + (at % 255);
    try {
      for (const { type, read } of (await open(t, damaged)).tensors.values()) if (type === 'float') read();
    } catch (error) {
      t.true(error instanceof UserError, String(error));
    }
  }
  t.pass();
});

test('files of other kinds are named for what they are', async (t) => {
  await refused(t, Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /pointer of Git LFS/);
  await refused(t, Buffer.from('<!DOCTYPE html><html>'), /page of HTML/);
  await refused(t, Buffer.alloc(0), /neither a file of torch\.save nor of safetensors/);
  await refused(t, Buffer.from('hello'), /neither/);
});

/** A safetensors file with any header. */
function safetensors(header: string, data: Uint8Array, length = Buffer.byteLength(header)) {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(length));
  return Buffer.concat([prefix, Buffer.from(header), data]);
}

test('safetensors of half, bfloat16 and double precision are read as float32', async (t) => {
  const header = JSON.stringify({
    d: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
    h: { dtype: 'F16', shape: [1, 2], data_offsets: [8, 12] },
    b: { dtype: 'BF16', shape: [2], data_offsets: [12, 16] },
    __metadata__: { format: 'pt' },
  });
  const data = Buffer.concat([
    Buffer.from(Float64Array.of(0.25).buffer),
    Buffer.from(Uint16Array.of(0x3c00, 0xc500, 0x3fc0, 0xc040).buffer),
  ]);
  const checkpoint = await open(t, safetensors(header, data), 'x.safetensors');
  t.deepEqual(valuesOf(checkpoint, 'd'), [0.25]);
  t.deepEqual(valuesOf(checkpoint, 'h'), [1, -5]);
  t.deepEqual(valuesOf(checkpoint, 'b'), [1.5, -3]);
  t.is(checkpoint.note('format'), 'pt');
});

test('safetensors with headers longer than the file, tensors beyond its end, and overlaps are refused', async (t) => {
  const entry = (dtype: string, shape: number[], offsets: number[]) =>
    JSON.stringify({ weight: { dtype, shape, data_offsets: offsets } });
  await refused(t, safetensors('{"a":1}', new Uint8Array(0), 2 ** 40), /header/);
  await refused(t, safetensors('{"a":1}', new Uint8Array(0), 90_000_000), /cut short/);
  await refused(t, safetensors(entry('F32', [4], [0, 16]), floats(1, 2)), /cut short/);
  await refused(t, safetensors(entry('F32', [2 ** 40, 2 ** 40], [0, 8]), floats(1, 2)), /weight takes/);
  await refused(t, safetensors(entry('F32', [-2], [0, 8]), floats(1, 2)), /no valid shape/);
  await refused(t, safetensors(entry('Q4', [2], [0, 8]), floats(1, 2)), /weight is of type Q4/);
});
