/** The most likely change in a sequence. */
export interface Change {
  /** The first row of the second part. */
  at: number;
  /** Gain in log likelihood, per row, of two Gaussians over one. */
  gain: number;
}

/** Rows between two candidates. */
const STEP = 10;
/** Keeps the covariance of almost equal rows regular. */
const RIDGE = 1e-2;

/**
 * The likeliest change in a sequence of vectors: two Gaussians of one full covariance, a mean for each part, against one Gaussian, as in
 * the Bayesian information criterion (Chen and Gopalakrishnan, "Speaker, Environment and Channel Change Detection and Clustering via the
 * Bayesian Information Criterion", DARPA Broadcast News Workshop 1998) without its penalty. In speech of one second a part, separate
 * covariances would fit phones rather than speakers.
 * @param rows [frames, size]
 * @param margin rows that each part has at least
 * @returns null when there are fewer than two margins of rows
 */
export function likeliestChange(rows: Float32Array, size: number, margin: number): Change | null {
  const frames = rows.length / size;
  if (frames < 2 * margin) return null;
  const whole = momentsOf(rows, size, 0, frames);
  const { sums, products } = whole;
  const joint = logDeterminant(pooled(products, [{ sums, rows: frames }], size), size);
  let best: Change | null = null;
  const first = momentsOf(rows, size, 0, margin).sums;
  for (let at = margin; at <= frames - margin; at += STEP) {
    const parts = [
      { sums: first, rows: at },
      { sums: sums.map((sum, i) => sum - first[i]), rows: frames - at },
    ];
    const gain = (joint - logDeterminant(pooled(products, parts, size), size)) / 2;
    if (best === null || gain > best.gain) best = { at, gain };
    for (let i = at * size; i < Math.min(at + STEP, frames) * size; i++) first[i % size] += rows[i];
  }
  return best;
}

function momentsOf(rows: Float32Array, size: number, from: number, to: number) {
  const [sums, products] = [new Float64Array(size), new Float64Array(size * size)];
  for (let at = from * size; at < to * size; at += size) {
    for (let i = 0; i < size; i++) {
      sums[i] += rows[at + i];
      for (let j = 0; j <= i; j++) products[i * size + j] += rows[at + i] * rows[at + j];
    }
  }
  return { sums, products };
}

/** Covariance about the means of the parts, its lower triangle. */
function pooled(products: Float64Array, parts: { sums: Float64Array; rows: number }[], size: number): Float64Array {
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  return products.map((product, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    const means = parts.reduce((sum, part) => sum + (part.sums[i] * part.sums[j]) / part.rows, 0);
    return (product - means) / total + (i === j ? RIDGE : 0);
  });
}

/** By Cholesky decomposition. */
function logDeterminant(matrix: Float64Array, size: number): number {
  const factor = new Float64Array(size * size);
  let log = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let value = matrix[i * size + j];
      for (let k = 0; k < j; k++) value -= factor[i * size + k] * factor[j * size + k];
      // Rounding may leave less than the ridge.
      factor[i * size + j] = i === j ? Math.sqrt(Math.max(value, RIDGE / 2)) : value / factor[j * size + j];
    }
    log += 2 * Math.log(factor[i * size + i]);
  }
  return log;
}
