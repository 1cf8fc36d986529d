import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../src/errors.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/npy/${name}`, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'voxloop-npy-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

const matrix = Float32Array.from([0, 1, 2, 3, 4, 5], (value) => Math.fround(value - 2.5) / 3);

/** What make.py saved under each name. */
const ARRAYS = {
  float32: { shape: [2, 3], data: matrix },
  float64: { shape: [3, 1, 2], data: Float64Array.from(matrix, (value) => value * Math.PI) },
  int32: { shape: [4], data: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1) },
  int64: { shape: [1, 2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
  scalar: { shape: [], data: Float32Array.of(1.5) },
  empty: { shape: [0, 192], data: new Float32Array() },
};

for (const [name, { shape, data }] of Object.entries(ARRAYS)) {
  test(`${name}: what numpy wrote is read, and written again byte for byte`, (t) => {
    const read = readNpy(fixture(`${name}.npy`));
    t.deepEqual(read.shape, shape);
    t.deepEqual(read.data, data);
    t.is(read.dtype, name === 'scalar' || name === 'empty' ? 'float32' : (name as 'float32'));
    const path = join(folder, `${name}.npy`);
    writeNpy(path, shape, data);
    t.deepEqual(readFileSync(path), readFileSync(fixture(`${name}.npy`)));
  });
}

test('format versions 2 and 3 are read', (t) => {
  for (const version of [2, 3]) t.deepEqual(readNpy(fixture(`version-${version}.npy`)).data, matrix);
});

test('Fortran order and big-endian elements are refused, with what to do', (t) => {
  t.throws(() => readNpy(fixture('fortran.npy')), { instanceOf: UserError, message: /Fortran.*ascontiguousarray/ });
  t.throws(() => readNpy(fixture('big-endian.npy')), { instanceOf: UserError, message: />f4.*astype/ });
});

test('missing, foreign, cut and overlong files are user errors that name the file', (t) => {
  const whole = readFileSync(fixture('float32.npy'));
  const cases: [string, Uint8Array | string, RegExp][] = [
    ['cut.npy', whole.subarray(0, whole.length - 1), /cut short: .*\(2, 3\) takes 24 bytes, but the file has 23\./],
    ['long.npy', Buffer.concat([whole, Buffer.alloc(3)]), /too long/],
    ['header.npy', whole.subarray(0, 60), /header is cut short/],
    ['text.npy', 'this is no array', /not a NumPy array/],
    ['nothing.npy', '', /not a NumPy array/],
    ['future.npy', Buffer.concat([whole.subarray(0, 6), Buffer.from([9]), whole.subarray(7)]), /format version 9/],
  ];
  for (const [name, content, message] of cases) {
    const path = join(folder, name);
    writeFileSync(path, content);
    const error = t.throws(() => readNpy(path), { instanceOf: UserError, message });
    t.true(error?.message.includes(path));
  }
  t.throws(() => readNpy(join(folder, 'none.npy')), { instanceOf: UserError, message: /does not exist/ });
});

test('a shape that does not fit the data is not written', (t) => {
  t.throws(() => writeNpy(join(folder, 'wrong.npy'), [2, 2], matrix), { message: /4 elements, not 6/ });
  t.false(readdirSync(folder).includes('wrong.npy'));
});

test('any array comes back, a part of a larger buffer too', (t) => {
  const path = join(folder, 'any.npy');
  const sizes = fc.array(fc.nat({ max: 4 }), { maxLength: 4 });
  fc.assert(
    fc.property(sizes, fc.nat({ max: 3 }), (shape, offset) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float32Array.from({ length: count + offset }, (_, i) => Math.fround(Math.sin(i))).subarray(offset);
      writeNpy(path, shape, data);
      const read = readNpy(path);
      t.deepEqual([read.shape, [...read.data]], [shape, [...data]]);
    }),
    { numRuns: 30, seed: 1 },
  );
});
