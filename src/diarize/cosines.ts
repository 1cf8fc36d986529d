import { pairAt } from '../cluster/agglomerative/nearest-chain.js';
import { norm, rowDot, unitRows } from '../rows.js';

/** Cosine distances of all pairs of unit rows [items, size], condensed as `pairAt` counts them; on the host. */
export function cosineDistances(vectors: Float32Array, size: number): Float32Array {
  const items = vectors.length / size;
  const distances = new Float32Array((items * (items - 1)) / 2);
  for (let a = 0; a < items; a++) {
    for (let b = a + 1; b < items; b++) distances[pairAt(items, a, b)] = 1 - rowDot(vectors, a, vectors, b, size);
  }
  return distances;
}

/** Mean directions of the rows of each label, weighted; float32 [labels, size]. A label without rows has a row of zeros. */
export function centroids(
  vectors: Float32Array,
  size: number,
  labels: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  count: number,
): Float32Array {
  const sums = new Float64Array(count * size);
  for (let row = 0; row < labels.length; row++) {
    const weight = weights ? weights[row] : 1;
    for (let j = 0; j < size; j++) sums[labels[row] * size + j] += weight * vectors[row * size + j];
  }
  return unitRows(Float32Array.from(sums), size, norm);
}

/** Unit rows less their mean, again of length 1: components common to a whole recording do not tell its speakers apart. */
export function centredRows(vectors: Float32Array, size: number): Float32Array {
  return unitRows(withoutMean(vectors, size), size, norm);
}

/** Rows less their mean. */
export function withoutMean(vectors: Float32Array, size: number): Float32Array {
  const rows = vectors.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < vectors.length; i++) mean[i % size] += vectors[i] / rows;
  return vectors.map((value, i) => value - mean[i % size]);
}
