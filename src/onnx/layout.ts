import { bytesPerElement, type HostTensor, sizeOf, viewOf } from '../host-tensor.js';

// TensorFlow keeps channels last, ONNX channels first. A value of the graph lies in memory as its logical axes in some order: axis j
// of what lies there is logical axis order[j]. Layers that do not care keep the order, so that few values are ever moved.

/** The order in which ONNX convolves [batch, height, width, channels]. */
export const CHANNELS_FIRST: readonly number[] = [0, 3, 1, 2];

export const inOrder = (rank: number): number[] => Array.from({ length: rank }, (_, axis) => axis);

export const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

/** What lies where: `order` applied to one entry for each logical axis. */
export const placed = <T>(entries: readonly T[], order: readonly number[]): T[] => order.map((axis) => entries[axis]);

/** The order without some logical axes. */
export function withoutAxes(order: readonly number[], removed: readonly number[]): number[] {
  const rest = order.filter((axis) => !removed.includes(axis));
  return rest.map((axis) => axis - removed.filter((other) => other < axis).length);
}

/**
 * The order with one more logical axis, and the place where it goes: the one that a convolution wants where that is possible, else
 * behind its logical neighbour.
 */
export function withAxis(order: readonly number[], axis: number): { order: number[]; place: number } {
  const moved = order.map((other) => (other < axis ? other : other + 1));
  const inserted = (place: number) => [...moved.slice(0, place), axis, ...moved.slice(place)];
  const wanted = inOrder(order.length + 1).find((place) => same(inserted(place), CHANNELS_FIRST));
  const place = wanted ?? (axis === 0 ? 0 : moved.indexOf(axis - 1) + 1);
  return { order: inserted(place), place };
}

/** The same values with their axes in another order. */
export function transposed(tensor: HostTensor, order: readonly number[]): HostTensor {
  const { shape, data, dtype } = tensor;
  if (same(order, inOrder(shape.length))) return tensor;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const [sizes, steps] = [placed(shape, order), placed(strides, order)];
  const result = viewOf(dtype, new ArrayBuffer(data.length * bytesPerElement(dtype)));
  const at = sizes.map(() => 0);
  for (let i = 0, from = 0; i < result.length; i++) {
    result[i] = data[from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      at[axis]++;
      from += steps[axis];
      if (at[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return { dtype, shape: sizes, data: result };
}

/**
 * Groups of consecutive axes that a reshape turns into one another, as [axes before, axes after], or undefined where it cuts across.
 * Dimensions are values by axis and sample.
 */
export function reshapeGroups(
  before: readonly number[][],
  after: readonly number[][],
): { before: number[]; after: number[] }[] | undefined {
  const samples = (before[0] ?? after[0] ?? []).length;
  const groups: { before: number[]; after: number[] }[] = [];
  let [i, j] = [0, 0];
  while (i < before.length && j < after.length) {
    const group = { before: [i], after: [j] };
    const products = inOrder(samples).map((s) => [before[i][s], after[j][s]]);
    [i, j] = [i + 1, j + 1];
    while (products.some(([a, b]) => a !== b)) {
      const grow = products.every(([a, b]) => a <= b) ? 0 : products.every(([a, b]) => a >= b) ? 1 : undefined;
      if (grow === undefined || (grow === 0 ? i >= before.length : j >= after.length)) return undefined;
      products.forEach((product, s) => {
        product[grow] *= grow === 0 ? before[i][s] : after[j][s];
      });
      if (grow === 0) group.before.push(i++);
      else group.after.push(j++);
    }
    groups.push(group);
  }
  const isOne = (dim: number[]) => dim.every((size) => size === 1);
  if (groups.length === 0) return undefined;
  for (; i < before.length && isOne(before[i]); i++) groups[groups.length - 1].before.push(i);
  for (; j < after.length && isOne(after[j]); j++) groups[groups.length - 1].after.push(j);
  return i === before.length && j === after.length ? groups : undefined;
}
