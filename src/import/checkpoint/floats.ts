import { toFloat32 } from '../../float-types.js';
import { type DType, viewOf } from '../../host-tensor.js';
import type { StorageType } from '../pickle/values.js';

/** Element types that become float32. */
export type FloatType = Extract<StorageType, 'Float' | 'Half' | 'BFloat16' | 'Double'>;

const DTYPES: Readonly<Record<FloatType, DType>> = {
  Float: 'float32',
  Double: 'float64',
  BFloat16: 'bfloat16',
  Half: 'float16',
};

export const isFloatType = (type: StorageType): type is FloatType => Object.hasOwn(DTYPES, type);

/** Numbers of a type, from their little-endian bytes at an aligned place, as float32. Doubles are rounded. */
export function floatsOf(type: FloatType, bytes: ArrayBuffer): Float32Array {
  const data = viewOf(DTYPES[type], bytes);
  return toFloat32({ dtype: DTYPES[type], shape: [data.length], data }).data as Float32Array;
}
