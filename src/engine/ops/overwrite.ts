import { tensorflow } from '../backend.js';
import { intAttr } from '../graph/attributes.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';

/**
 * `x` [values] with `value` in place of the values that begin at `from`. Happens in x's own memory when nothing else needs x any
 * more, on a copy otherwise.
 */
export function overwrite(x: Tensor, from: number, value: Tensor): Tensor {
  return raw('TensorStridedSliceUpdate', [x, ...bounds(from, value.size), value], MASKS)[0];
}

/**
 * `count` values of `x` [values] from `from` on. For bytes, too, on a GPU, where TensorFlow has no Slice of them; it has no
 * gradient.
 */
export function part(x: Tensor, from: number, count: number): Tensor {
  return raw('StridedSlice', [x, ...bounds(from, count)], MASKS)[0];
}

const MASKS = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map((name) =>
  intAttr(name, 0),
);

const bounds = (from: number, count: number): Tensor[] =>
  [from, from + count, 1].map((value) => tensorflow.tensor1d([value], 'int32'));
