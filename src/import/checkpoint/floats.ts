import type { StorageType } from '../pickle/values.js';

/** Element types that become float32. */
export type FloatType = Extract<StorageType, 'Float' | 'Half' | 'BFloat16' | 'Double'>;

export const isFloatType = (type: StorageType): type is FloatType => Object.hasOwn(WIDEN, type);

/** Numbers of a type, from their little-endian bytes at an aligned place, as float32. Doubles are rounded. */
export const floatsOf = (type: FloatType, bytes: ArrayBuffer): Float32Array => WIDEN[type](bytes);

const WIDEN: Readonly<Record<FloatType, (bytes: ArrayBuffer) => Float32Array>> = {
  Float: (bytes) => new Float32Array(bytes),
  Double: (bytes) => Float32Array.from(new Float64Array(bytes)),
  BFloat16(bytes) {
    const bits = Uint32Array.from(new Uint16Array(bytes), (half) => half << 16);
    return new Float32Array(bits.buffer);
  },
  Half: (bytes) => Float32Array.from(new Uint16Array(bytes), halfToFloat),
};

/** The value of a half-precision number: sign, five bits of exponent, ten of fraction (IEEE 754 binary16). */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
