import { tensorflow } from './backend.js';
import { intAttr } from './graph/attributes.js';
import { raw } from './raw.js';
import type { Tensor } from './tf.js';

/**
 * Slices of `x` along `axis` by integer `indices` (GatherV2); differentiable in `x`. TensorFlow.js' own gather reads the
 * indices in JavaScript and cannot be traced.
 */
export function gather(x: Tensor, indices: Tensor, axis = 0, batchDims = 0): Tensor {
  if (batchDims !== 0) throw new Error('gather does not support batchDims; use a one-hot product, or flatten first');
  const along = axis < 0 ? axis + x.rank : axis;
  const axisTensor = tensorflow.scalar(along, 'int32');
  const op = tensorflow.customGrad((...args) => {
    const [value, save] = args as unknown as [Tensor, (tensors: Tensor[]) => void];
    // Saved, because indices made inside the differentiated function would be disposed before its gradient runs.
    save([indices]);
    return {
      value: raw('GatherV2', [value, indices, axisTensor], [intAttr('batch_dims', 0)])[0],
      gradFunc: (dy: Tensor, saved: Tensor[]) => scatterSum(dy, saved[0], x.shape, along),
    };
  });
  return op(x);
}

/** Sums of `rows` [rows, ...] by the `segments` [rows] (int32) that they belong to: [count, ...]. Not differentiable. */
export const segmentSums = (rows: Tensor, segments: Tensor, count: number): Tensor =>
  raw('UnsortedSegmentSum', [rows, segments, tensorflow.scalar(count, 'int32')])[0];

/** The gradient of gather: sums rows of `dy` that came from the same slice. */
function scatterSum(dy: Tensor, indices: Tensor, shape: number[], axis: number): Tensor {
  const order = [...Array(indices.rank).keys()].map((i) => i + axis);
  const others = [...Array(dy.rank).keys()].filter((i) => !order.includes(i));
  const front = tensorflow.transpose(dy, [...order, ...others]);
  const rows = tensorflow.reshape(front, [indices.size, ...others.map((i) => dy.shape[i])]);
  // Whole numbers are reshaped in the host's memory, for which a GPU would wait: only where there is need.
  const flat = indices.rank === 1 ? indices : tensorflow.reshape(indices, [indices.size]);
  const summed = segmentSums(rows, flat, shape[axis]);
  // [slices, before..., after...] back to the layout of x.
  const back = shape.map((_, i) => (i === axis ? 0 : i < axis ? i + 1 : i));
  return tensorflow.transpose(summed, back);
}
