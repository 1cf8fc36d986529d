import { indicesUpTo, type Points, type Rng, vectorsOf } from '../../src/index.js';

/** Rows that are mixed into one: by the central limit theorem their mix is all but Gaussian. */
const MIXED = 32;

/**
 * Draws as many rows as there are, all from one Gaussian cloud with the mean and the covariance of the rows: what they would look like if
 * there were no clusters. Each is the mean and a mix of randomly drawn deviations from it.
 * @returns [rows, size]; of the unit vectors by cosine
 */
export function oneCloud(points: Points, rng: Rng): Float32Array {
  const { rows, size } = points;
  const vectors = vectorsOf(points, indicesUpTo(rows));
  const mean = new Float64Array(size);
  vectors.forEach((value, i) => {
    mean[i % size] += value / rows;
  });
  const cloud = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const sum = new Float64Array(size);
    let weights = 0;
    for (let i = 0; i < MIXED; i++) {
      const from = rng.int(rows) * size;
      const weight = rng.normal();
      weights += weight;
      for (let j = 0; j < size; j++) sum[j] += weight * vectors[from + j];
    }
    for (let j = 0; j < size; j++) cloud[row * size + j] = mean[j] + (sum[j] - weights * mean[j]) / Math.sqrt(MIXED);
  }
  return cloud;
}
