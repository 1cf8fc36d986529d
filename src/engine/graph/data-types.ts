import type { DType } from '../../host-tensor.js';

/** TensorFlow's DataType numbers (tensorflow/core/framework/types.proto). */
export const DT = {
  FLOAT: 1,
  DOUBLE: 2,
  INT32: 3,
  UINT8: 4,
  INT16: 5,
  STRING: 7,
  COMPLEX64: 8,
  INT64: 9,
  BOOL: 10,
  BFLOAT16: 14,
  HALF: 19,
  RESOURCE: 20,
  UINT32: 22,
  UINT64: 23,
} as const;

const NUMBERS: Record<DType, number> = {
  float32: DT.FLOAT,
  float64: DT.DOUBLE,
  float16: DT.HALF,
  bfloat16: DT.BFLOAT16,
  int32: DT.INT32,
  uint8: DT.UINT8,
  int16: DT.INT16,
  int64: DT.INT64,
  bool: DT.BOOL,
};

/** The DataType number of a host element type. */
export const dataTypeOf = (dtype: DType): number => NUMBERS[dtype];

/** The host element type of a DataType number; throws for the ones that never leave the graph. */
export function hostTypeOf(dataType: number): DType {
  const entry = Object.entries(NUMBERS).find(([, number]) => number === dataType);
  if (!entry) throw new Error(`a tensor of TensorFlow data type ${dataType} cannot be read out of the graph`);
  return entry[0] as DType;
}

/** True for the floating-point types that TensorFlow.js knows only as float32. */
export const isFloat = (dataType: number): boolean =>
  dataType === DT.FLOAT || dataType === DT.DOUBLE || dataType === DT.BFLOAT16 || dataType === DT.HALF;

/**
 * The type TensorFlow.js is told. It knows float32, int32, bool, complex64 and string only: other floats pass as float32,
 * other integers as int32, resources as string; the graph keeps the real one.
 */
export function tfjsTypeOf(dataType: number): number {
  if (isFloat(dataType)) return DT.FLOAT;
  if (dataType === DT.BOOL || dataType === DT.COMPLEX64 || dataType === DT.STRING) return dataType;
  return dataType === DT.RESOURCE ? DT.STRING : DT.INT32;
}
