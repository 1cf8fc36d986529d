import { tensorflow } from '../backend.js';
import { intAttr, shapeAttr, stringAttr, typeAttr } from '../graph/attributes.js';
import { dataTypeOf } from '../graph/data-types.js';
import { raw, rawOperation, toFloat32 } from '../raw.js';
import type { Tensor } from '../tf.js';
import { onHost } from '../trace.js';

/** A file of equal rows, little-endian, without a header. */
export interface RowFile {
  /** Absolute path. The file must not change while a session runs, and need not exist to trace. */
  path: string;
  dtype: 'int16' | 'float32';
  rows: number;
  /** Values of a row. */
  width: number;
}

/**
 * Rows of a file by `indices` (int32, any shape), as float32 [...indices, width]. The file is mapped into memory, not loaded: only
 * the pages that are asked for are read, and processes share them. Indices out of range stop the step.
 */
export function mappedRows({ path, dtype, rows, width }: RowFile, indices: Tensor): Tensor {
  const attributes = [
    typeAttr('dtype', dataTypeOf(dtype)),
    shapeAttr('shape', [rows, width]),
    stringAttr('memory_region_name', path),
  ];
  const gathered = onHost(() => {
    // Not on the accelerator: the whole file would be copied there.
    const file = rawOperation('ImmutableConst', [], attributes).outputs[0];
    return raw('GatherV2', [file, indices, tensorflow.scalar(0, 'int32')], [intAttr('batch_dims', 0)])[0];
  });
  return toFloat32(gathered);
}
