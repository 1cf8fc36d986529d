import { rowsOf } from '../rows.js';
import { meanEmbedding } from './cosine-scoring.js';

/** Subtracts the rows' mean from each row of a row-major matrix, in place. */
export function subtractMean(matrix: Float32Array, size: number): void {
  const mean = meanEmbedding(rowsOf(matrix, size));
  for (const row of rowsOf(matrix, size)) for (let i = 0; i < size; i++) row[i] -= mean[i];
}
