import { pairAt } from '../cluster/agglomerative/nearest-chain.js';

/** Cosine distances of all pairs of unit rows [items, size], condensed as `pairAt` counts them; on the host. */
export function cosineDistances(vectors: Float32Array, size: number): Float32Array {
  const items = vectors.length / size;
  const distances = new Float32Array((items * (items - 1)) / 2);
  for (let a = 0; a < items; a++) {
    for (let b = a + 1; b < items; b++) distances[pairAt(items, a, b)] = 1 - product(vectors, a, b, size);
  }
  return distances;
}

function product(vectors: Float32Array, a: number, b: number, size: number): number {
  let sum = 0;
  for (let j = 0; j < size; j++) sum += vectors[a * size + j] * vectors[b * size + j];
  return sum;
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
  return unitRows(sums, size);
}

/** Rows scaled to length 1; rows of zeros stay. */
export function unitRows(values: Float64Array | Float32Array, size: number): Float32Array {
  const rows = Float32Array.from(values);
  for (let at = 0; at < rows.length; at += size) {
    const row = rows.subarray(at, at + size);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)) || 1;
    for (let j = 0; j < size; j++) row[j] /= length;
  }
  return rows;
}

/** Unit rows less their mean, again of length 1: what all of a recording has in common says nothing about who speaks. */
export function centredRows(vectors: Float32Array, size: number): Float32Array {
  const items = vectors.length / size;
  const mean = new Float64Array(size);
  for (let i = 0; i < vectors.length; i++) mean[i % size] += vectors[i] / items;
  return unitRows(
    vectors.map((value, i) => value - mean[i % size]),
    size,
  );
}
