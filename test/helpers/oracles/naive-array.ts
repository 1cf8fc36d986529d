/** Row-major arrays by plain loops in float64. */

/** Strides, in elements, of a row-major shape. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, size) => product * size, 1));
}

/** Calls `visit` with every index of `shape`, in row-major order, and its place in that order. */
export function forEachIndex(shape: readonly number[], visit: (index: number[], place: number) => void): void {
  const index = shape.map(() => 0);
  const total = shape.reduce((product, size) => product * size, 1);
  for (let place = 0; place < total; place++) {
    visit(index, place);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
}

/** The offset of an index in an array of `shape`; index and shape have one length. */
export function offsetOf(index: readonly number[], strides: readonly number[]): number {
  return index.reduce((sum, i, axis) => sum + i * strides[axis], 0);
}

/** [m, k] x [k, n]. */
export function naiveMatMul(m: number, k: number, n: number, a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const product = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) for (let j = 0; j < n; j++) product[i * n + j] += a[i * k + l] * b[l * n + j];
  return product;
}

/** [rows, columns] turned over. */
export function naiveTranspose(rows: number, columns: number, a: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);
}

/** Softmax of each row of [rows, columns]. */
export function naiveSoftmax(columns: number, logits: ArrayLike<number>): Float64Array {
  const result = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += columns) {
    const row = Array.from({ length: columns }, (_, i) => logits[start + i]);
    const largest = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    for (const [i, value] of row.entries()) result[start + i] = Math.exp(value - largest) / total;
  }
  return result;
}

/** The error function by its Maclaurin series (|x| < 3) or continued fraction; about 1e-14. */
export function naiveErf(x: number): number {
  if (Math.abs(x) < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let tail = 0;
  for (let n = 60; n > 0; n--) tail = n / 2 / (Math.abs(x) + tail);
  const complement = Math.exp(-x * x) / (Math.sqrt(Math.PI) * (Math.abs(x) + tail));
  return Math.sign(x) * (1 - complement);
}
