/** Element types of tensors in files, and at the border between JavaScript and the graph. */
export type DType = 'float32' | 'float64' | 'float16' | 'bfloat16' | 'int32' | 'uint8' | 'int16' | 'int64' | 'bool';

/** The typed array that holds each DType; float16 and bfloat16 travel as their 16 bits, bool as one byte. */
export type HostData = Float32Array | Float64Array | Int32Array | Uint8Array | Int16Array | BigInt64Array | Uint16Array;

/** A tensor's value in JavaScript memory, row-major. */
export interface HostTensor {
  dtype: DType;
  shape: number[];
  data: HostData;
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  int16: Int16Array,
  int64: BigInt64Array,
  bool: Uint8Array,
} as const;

/** The number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

/** A typed array of the DType over existing bytes (which must be aligned to the element). */
export function viewOf(dtype: DType, buffer: ArrayBuffer, byteOffset = 0, length?: number): HostData {
  return new ARRAYS[dtype](buffer, byteOffset, length ?? (buffer.byteLength - byteOffset) / bytesPerElement(dtype));
}

/** A float32 host tensor; copies plain numbers, wraps a Float32Array. */
export function float32(data: Float32Array | number[] | number, shape?: number[]): HostTensor {
  const array = typeof data === 'number' ? [data] : data;
  const values = array instanceof Float32Array ? array : Float32Array.from(array);
  return { dtype: 'float32', shape: shape ?? (typeof data === 'number' ? [] : [values.length]), data: values };
}

/** An int32 host tensor; copies plain numbers, wraps an Int32Array. */
export function int32(data: Int32Array | number[] | number, shape?: number[]): HostTensor {
  const array = typeof data === 'number' ? [data] : data;
  const values = array instanceof Int32Array ? array : Int32Array.from(array);
  return { dtype: 'int32', shape: shape ?? (typeof data === 'number' ? [] : [values.length]), data: values };
}
