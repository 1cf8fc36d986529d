/** The rows of a row-major matrix, as views. */
export function* rowsOf(matrix: Float32Array, size: number): Generator<Float32Array> {
  for (let start = 0; start < matrix.length; start += size) yield matrix.subarray(start, start + size);
}

/** Copies of some rows of a row-major matrix, one below the other. // [indices, size] */
export function takeRows(matrix: Float32Array, size: number, indices: Int32Array): Float32Array {
  const rows = new Float32Array(indices.length * size);
  indices.forEach((row, i) => void rows.set(matrix.subarray(row * size, (row + 1) * size), i * size));
  return rows;
}

/** Matrices of the same row length, one below the other. */
export function joinRows(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The numbers from 0 to `count` - 1. */
export const indicesUpTo = (count: number): Int32Array => new Int32Array(count).map((_, i) => i);

/** The dot product of two vectors of one length. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** The dot product of row `i` of `a` and row `j` of `b`, both row-major with rows of `size`. */
export function rowDot(a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number, size: number): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += a[i * size + k] * b[j * size + k];
  return sum;
}

/** The squared Euclidean distance of two vectors of one length. */
export const squaredDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  squaredRowDistance(a, 0, b, 0, a.length);

/** The squared Euclidean distance of row `i` of `a` and row `j` of `b`, both row-major with rows of `size`. */
export function squaredRowDistance(
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  size: number,
): number {
  let sum = 0;
  for (let k = 0; k < size; k++) sum += (a[i * size + k] - b[j * size + k]) ** 2;
  return sum;
}

/** The Euclidean length of a vector. */
export const norm = (vector: ArrayLike<number>): number => Math.sqrt(dot(vector, vector));

/**
 * A copy whose rows have length 1; rows of zeros stay.
 * @param lengthOf Math.hypot by default, which cannot overflow but rounds differently from `norm`: each caller keeps the one that
 *   its results were made with
 */
export function unitRows(
  matrix: Float32Array,
  size: number,
  lengthOf: (row: Float32Array) => number = (row) => Math.hypot(...row),
): Float32Array {
  const result = matrix.slice();
  for (const row of rowsOf(result, size)) {
    const length = lengthOf(row);
    if (length > 0) for (let i = 0; i < size; i++) row[i] /= length;
  }
  return result;
}
