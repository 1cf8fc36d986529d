import { intAttr } from '../attributes.js';
import { tensorflow } from '../backend.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * `x` [values] with `part` in place of the values that begin at `from`. Happens in x's own memory when nothing else needs x any
 * more, on a copy otherwise.
 */
export function overwrite(x: Tensor, from: number, part: Tensor): Tensor {
  const bounds = [from, from + part.size, 1].map((value) => tensorflow.tensor1d([value], 'int32'));
  const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'];
  return raw(
    'TensorStridedSliceUpdate',
    [x, ...bounds, part],
    masks.map((name) => intAttr(name, 0)),
  )[0];
}
