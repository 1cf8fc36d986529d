/** a [rows, inner] times b [inner, columns], all row-major. // [rows, columns] */
export function multiply(a: Float64Array, b: Float64Array, inner: number): Float64Array {
  const rows = a.length / inner;
  const columns = b.length / inner;
  const product = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const into = product.subarray(row * columns, (row + 1) * columns);
    for (let k = 0; k < inner; k++) {
      const factor = a[row * inner + k];
      const from = k * columns;
      for (let column = 0; column < columns; column++) into[column] += factor * b[from + column];
    }
  }
  return product;
}

/** The transpose of a row-major matrix of so many columns. */
export function transpose(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  const result = new Float64Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[row * columns + column];
  }
  return result;
}

/** a S a^T: the covariance S of x as that of a x. @param a [rows, size] @param covariance [size, size] */
export function congruence(a: Float64Array, covariance: Float64Array, size: number): Float64Array {
  const product = multiply(multiply(a, covariance, size), transpose(a, size), size);
  return symmetrised(product, a.length / size);
}

/** The mean of a matrix and its transpose: removes the asymmetry that rounding leaves. */
function symmetrised(matrix: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) {
      const mean = (matrix[i * size + j] + matrix[j * size + i]) / 2;
      matrix[i * size + j] = mean;
      matrix[j * size + i] = mean;
    }
  }
  return matrix;
}

/** Adds weight v v^T to the lower triangle of a matrix, in place; see mirrorLower. */
export function addOuter(matrix: Float64Array, vector: Float64Array, weight: number): void {
  const size = vector.length;
  for (let i = 0; i < size; i++) {
    const scaled = weight * vector[i];
    const from = i * size;
    for (let j = 0; j <= i; j++) matrix[from + j] += scaled * vector[j];
  }
}

/** Copies the lower triangle of a square matrix to the upper one, in place. */
export function mirrorLower(matrix: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) matrix[j * size + i] = matrix[i * size + j];
  return matrix;
}
