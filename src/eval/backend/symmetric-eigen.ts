import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Eigenvalues of a symmetric matrix, largest first, with one unit eigenvector a row. */
export interface SymmetricEigen {
  /** [size] */
  values: Float64Array;
  /** [size, size] row i belongs to value i; the largest component of each is positive, so signs are reproducible. */
  vectors: Float64Array;
}

/** The eigendecomposition of a symmetric matrix. @param matrix [size, size] row-major, finite */
export function symmetricEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const rows = Array.from({ length: size }, (_, i) => matrix.subarray(i * size, (i + 1) * size));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const vectors = new Float64Array(size * size);
  for (const [row, column] of order.entries()) {
    vectors.set(withPositivePeak(eigenvectorMatrix.getColumn(column)), row * size);
  }
  return { values: Float64Array.from(order, (column) => realEigenvalues[column]), vectors };
}

function withPositivePeak(axis: number[]): number[] {
  const peak = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return peak < 0 ? axis.map((value) => -value) : axis;
}
