import type { NaiveArray } from './onnx-file.js';

// Arrays element by element. An index is a list of places, one for each axis.

export const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** An array whose elements are a function of their index. */
export function build(shape: number[], element: (at: number[]) => number): NaiveArray {
  const at = shape.map(() => 0);
  const data = Array.from({ length: sizeOf(shape) }, () => {
    const value = element(at);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++at[axis] < shape[axis]) break;
      at[axis] = 0;
    }
    return value;
  });
  return { shape, data };
}

/** Where the element of an index lies among the data. */
export function placeOf({ shape }: NaiveArray, at: readonly number[]): number {
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++) place = place * shape[axis] + at[axis];
  return place;
}

export const get = (array: NaiveArray, at: readonly number[]): number => array.data[placeOf(array, at)];

/** The element at an index of a larger shape: axes of one place repeat. */
export function getBroadcast({ shape, data }: NaiveArray, at: readonly number[]): number {
  const skipped = at.length - shape.length;
  let place = 0;
  for (let axis = 0; axis < shape.length; axis++)
    place = place * shape[axis] + (shape[axis] === 1 ? 0 : at[skipped + axis]);
  return data[place];
}

export function broadcastShape(shapes: readonly number[][]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[shape.length - rank + axis] ?? 1);
    const wide = sizes.filter((size) => size !== 1);
    if (new Set(wide).size > 1) throw new Error(`shapes do not broadcast: ${JSON.stringify(shapes)}`);
    return wide[0] ?? 1;
  });
}
