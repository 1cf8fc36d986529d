import { norm, unitRows } from '../rows.js';
import { principalAxes } from './principal-axes.js';

/** A flat picture of embeddings. */
export interface EmbeddingMap {
  /** [n] coordinates along the two axes of largest variance. */
  x: Float64Array;
  y: Float64Array;
  /** Share of the total variance that the two axes hold, in [0, 1]. */
  explained: number;
}

/**
 * Projects embeddings to two dimensions by PCA. Each is scaled to length one first: cosine scoring sees directions only.
 * @param rows [n, dimensions] row-major, dimensions >= 2; zero vectors stay at zero
 * @throws UserError for fewer than two rows or a value that is not finite
 */
export function mapEmbeddings(rows: Float32Array, n: number, dimensions: number): EmbeddingMap {
  const unit = unitRows(rows, dimensions, norm);
  const { mean, variances, axes } = principalAxes(unit, n, dimensions);
  const coordinate = (row: number, axis: number) => {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += axes[axis * dimensions + i] * (unit[row * dimensions + i] - mean[i]);
    return sum;
  };
  const total = variances.reduce((sum, value) => sum + value, 0);
  return {
    x: Float64Array.from({ length: n }, (_, row) => coordinate(row, 0)),
    y: Float64Array.from({ length: n }, (_, row) => coordinate(row, 1)),
    explained: total === 0 ? 1 : (variances[0] + variances[1]) / total,
  };
}
