/** A view of a list of numbers; offset and strides count elements. */
export interface View {
  offset: number;
  shape: readonly number[];
  strides: readonly number[];
}

/** Elements of a shape. Not exact, but never too small, where the sizes are absurd. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Elements from the first to the last that the view touches; 0 for an empty one. */
export function spanOf({ shape, strides }: View): number {
  if (shape.includes(0)) return 0;
  return 1 + shape.reduce((span, size, axis) => span + (size - 1) * strides[axis], 0);
}

/** Whether the elements stand one behind the other in row-major order. */
export function isContiguous({ shape, strides }: View): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis];
  }
  return true;
}

/** The elements in row-major order; `numbers` begins at the view's offset. */
export function rowMajor(numbers: Float32Array, { shape, strides }: Omit<View, 'offset'>): Float32Array {
  const result = new Float32Array(elementsOf(shape));
  const place = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = numbers[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return result;
}
