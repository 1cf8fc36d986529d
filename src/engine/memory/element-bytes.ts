import { sizeOf } from '../../host-tensor.js';
import { DT } from '../graph/data-types.js';

const BYTES = new Map<number, number>([
  [DT.FLOAT, 4],
  [DT.INT32, 4],
  [DT.UINT8, 1],
  [DT.INT16, 2],
  [DT.COMPLEX64, 8],
  [DT.INT64, 8],
  [DT.BOOL, 1],
  [DT.BFLOAT16, 2],
  [DT.HALF, 2],
  [DT.UINT32, 4],
  [DT.UINT64, 8],
]);

/** Bytes of a tensor of TensorFlow's type `dataType`; 0 for handles, strings and shapes that are not known. */
export const tensorBytes = ({ shape, dataType }: { shape: readonly number[]; dataType: number }): number =>
  shape.includes(-1) ? 0 : sizeOf(shape) * (BYTES.get(dataType) ?? 0);
