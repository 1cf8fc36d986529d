import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fitsFloat16, floatToHalf, halfToFloat, toFloat16, toFloat32 } from '../src/float-types.js';
import { float32, int32 } from '../src/host-tensor.js';
import { readSafetensors } from '../src/io/safetensors.js';

/** Numbers beside what numpy makes of them: test/fixtures/npy/make.py. */
const fixture = fileURLToPath(new URL('../../test/fixtures/npy/halves.safetensors', import.meta.url));
const { tensors } = readSafetensors(fixture);

/** Bit patterns of IEEE 754 binary16: sign, five bits of exponent, ten of fraction. */
const KNOWN: [number, number][] = [
  [0x0000, 0],
  [0x8000, -0],
  [0x0001, 2 ** -24],
  [0x03ff, (1023 / 1024) * 2 ** -14],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3c00, 1],
  [0xc500, -5],
  [0x7bff, 65504],
  [0x7c00, Number.POSITIVE_INFINITY],
  [0xfc00, Number.NEGATIVE_INFINITY],
  [0x7e00, Number.NaN],
];

test('half-precision numbers are those of IEEE 754, read and written', (t) => {
  for (const [bits, value] of KNOWN) {
    t.is(halfToFloat(bits), value);
    t.is(floatToHalf(value), bits);
  }
});

test('half-way between two halves the even one is taken, and beside it the nearer', (t) => {
  const step = 2 ** -10;
  const cases: [number, number][] = [
    [1 + step / 2, 0x3c00],
    [1 + (3 * step) / 2, 0x3c02],
    [1 + step / 2 + 2 ** -23, 0x3c01],
    [2 ** -25, 0x0000],
    [3 * 2 ** -25, 0x0002],
    [-(2 ** -25 + 2 ** -48), 0x8001],
    // The largest subnormal, the smallest normal, and a carry into the exponent.
    [2 ** -14 - 2 ** -25, 0x0400],
    [2 - 2 ** -11, 0x4000],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [-65520, 0xfc00],
  ];
  for (const [value, bits] of cases) t.is(floatToHalf(value), bits, String(value));
});

test('all over the range and at every edge halves are those of numpy', (t) => {
  const values = tensors.values.data as Float32Array;
  t.deepEqual(toFloat16(tensors.values), tensors['values.rounded']);
  t.deepEqual(toFloat32(tensors['values.rounded']), tensors['values.widened']);
  t.true(values.length > 2000);
  const finite = Array.from(tensors['values.widened'].data, Number).map(Number.isFinite);
  t.deepEqual(Array.from(values, fitsFloat16), finite);
});

test('every half comes back from the number that it is', (t) => {
  const numbers = Array.from({ length: 1 << 16 }, (_, bits) => bits).filter((bits) => !Number.isNaN(halfToFloat(bits)));
  t.is(numbers.length, 2 * 0x7c01);
  t.true(numbers.every((bits) => floatToHalf(halfToFloat(bits)) === bits));
});

test('doubles are rounded to the nearest float32, bfloat16 is its upper half, and other types stay', (t) => {
  t.deepEqual(toFloat32(tensors.doubles), tensors['doubles.rounded']);
  const narrow = Uint16Array.of(0x3fc0, 0xc040, 0x7f80, 0x0001);
  const wide = float32([1.5, -3, Number.POSITIVE_INFINITY, 2 ** -133], [2, 2]);
  t.deepEqual(toFloat32({ dtype: 'bfloat16', shape: [2, 2], data: narrow }), wide);
  for (const tensor of [wide, int32([3])]) t.is(toFloat32(tensor), tensor);
});
