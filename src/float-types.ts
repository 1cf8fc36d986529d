import type { HostTensor } from './host-tensor.js';

const LARGEST_EXPONENT = 0x1f;

/** From here on, half-way to the number behind the largest, 65504, a half-precision number is infinite. */
const INFINITE_FROM = 65520;

/** The value of a half-precision number: sign, five bits of exponent, ten of fraction (IEEE 754 binary16). */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & LARGEST_EXPONENT;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === LARGEST_EXPONENT) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** True for what float16 holds as a finite number. */
export const fitsFloat16 = (value: number): boolean => Math.abs(value) < INFINITE_FROM;

/** The 16 bits of the nearest half-precision number, of two the even one. */
export function floatToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (!fitsFloat16(value)) return sign | 0x7c00;
  // Below 2^-14 halves are 2^-24 apart.
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // 1024 to 2048: at 2048 the exponent goes up by one and the fraction is zero, which is what the sum says.
  const scaled = roundEven(size * 2 ** (10 - exponent));
  return sign | ((exponent + 14) * 1024 + scaled);
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The value of each of the 65536 halves. Models have millions of them, and looking one up takes a tenth of working it out. */
let everyHalf: Float32Array | undefined;

function halvesToFloats(halves: Uint16Array): Float32Array {
  everyHalf ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToFloat(bits));
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) floats[i] = everyHalf[halves[i]];
  return floats;
}

/** A bfloat16 number is the upper half of a float32. */
const widenBits = (uppers: Uint16Array): Float32Array => {
  const bits = new Uint32Array(uppers.length);
  for (let i = 0; i < uppers.length; i++) bits[i] = uppers[i] << 16;
  return new Float32Array(bits.buffer);
};

/** A tensor of another floating-point type as float32, doubles rounded to the nearest; any other tensor as it is. */
export function toFloat32(tensor: HostTensor): HostTensor {
  const { dtype, shape, data } = tensor;
  if (dtype === 'float16') return { dtype: 'float32', shape, data: halvesToFloats(data as Uint16Array) };
  if (dtype === 'bfloat16') return { dtype: 'float32', shape, data: widenBits(data as Uint16Array) };
  if (dtype === 'float64') return { dtype: 'float32', shape, data: new Float32Array(data as Float64Array) };
  return tensor;
}

/** A float32 tensor as float16, each number rounded to the nearest; what is beyond 65504 becomes infinite. */
export function toFloat16({ shape, data }: HostTensor): HostTensor {
  const halves = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) halves[i] = floatToHalf(Number(data[i]));
  return { dtype: 'float16', shape, data: halves };
}
