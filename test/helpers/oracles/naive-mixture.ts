/** A mixture of Gaussians with diagonal covariances, in nested arrays. */
export interface NaiveMixture {
  weights: number[];
  means: number[][];
  variances: number[][];
}

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** log(w N(x; m, v)) of one frame under each Gaussian. */
export const naiveDensities = (x: number[], { weights, means, variances }: NaiveMixture): number[] =>
  weights.map((weight, c) => {
    const logs = x.map((value, d) => {
      const variance = variances[c][d];
      return -0.5 * (Math.log(2 * Math.PI * variance) + (value - means[c][d]) ** 2 / variance);
    });
    return Math.log(weight) + logs.reduce((sum, value) => sum + value, 0);
  });

/** Log of a sum of exponentials. */
export function naiveLogSum(logs: number[]): number {
  const most = Math.max(...logs);
  return most + Math.log(logs.reduce((sum, value) => sum + Math.exp(value - most), 0));
}

/** The share of each Gaussian in each frame. */
export const naiveShares = (frames: number[][], mixture: NaiveMixture): number[][] =>
  frames.map((x) => {
    const logs = naiveDensities(x, mixture);
    const total = naiveLogSum(logs);
    return logs.map((value) => Math.exp(value - total));
  });

/** Mean log-likelihood of frames. */
export const naiveLikelihood = (frames: number[][], mixture: NaiveMixture): number =>
  frames.reduce((sum, x) => sum + naiveLogSum(naiveDensities(x, mixture)), 0) / frames.length;

/** One round of expectation maximisation, equations 11 to 13 of Reynolds, Quatieri and Dunn (2000) for maximum likelihood. */
export function naiveRound(frames: number[][], mixture: NaiveMixture, floors: number[]): NaiveMixture {
  const shares = naiveShares(frames, mixture);
  const counts = mixture.weights.map((_, c) => shares.reduce((sum, row) => sum + row[c], 0));
  const moment = (c: number, d: number, power: number) =>
    frames.reduce((sum, x, i) => sum + shares[i][c] * x[d] ** power, 0) / counts[c];
  const means = counts.map((_, c) => floors.map((_, d) => moment(c, d, 1)));
  const variances = counts.map((_, c) => floors.map((floor, d) => Math.max(moment(c, d, 2) - means[c][d] ** 2, floor)));
  return { weights: counts.map((count) => count / frames.length), means, variances };
}

/** MAP-adapted means with data-dependent coefficients n / (n + relevance), equations 14 and 12 of the same paper. */
export function naiveAdapted(frames: number[][], mixture: NaiveMixture, relevance: number): NaiveMixture {
  const shares = naiveShares(frames, mixture);
  const means = mixture.means.map((mean, c) => {
    const count = shares.reduce((sum, row) => sum + row[c], 0);
    const alpha = count / (count + relevance);
    return mean.map((value, d) => {
      const heard = frames.reduce((sum, x, i) => sum + shares[i][c] * x[d], 0) / count;
      return alpha * heard + (1 - alpha) * value;
    });
  });
  return { weights: mixture.weights, means, variances: mixture.variances };
}

/** The inverse of a matrix, by Gauss-Jordan elimination, and its determinant. */
export function inverse(matrix: number[][]): { inverse: number[][]; determinant: number } {
  const n = matrix.length;
  const rows = matrix.map((row, i) => row.concat(row.map((_, j) => Number(i === j))));
  let determinant = 1;
  for (let i = 0; i < n; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i]) > Math.abs(rows[best][i]) ? i + k : best), i);
    if (pivot !== i) determinant = -determinant;
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    determinant *= rows[i][i];
    rows[i] = rows[i].map((value) => value / rows[i][i]);
    for (let k = 0; k < n; k++) {
      const factor = rows[k][i];
      if (k !== i) rows[k] = rows[k].map((value, j) => value - factor * rows[i][j]);
    }
  }
  return { inverse: rows.map((row) => row.slice(n)), determinant };
}

/** Statistics of one utterance: counts, and sums of (x - m) / deviation, by Gaussian. */
export interface NaiveStatistics {
  counts: number[];
  sums: number[][];
}

/** The rows of T that belong to Gaussian c: [dimensions][rank]. */
export type NaiveFactors = number[][][];

/** Posterior of w under a standard normal prior: Dehak et al. (2011), equation 6, after Kenny, Boulianne and Dumouchel (2005). */
export function naivePosterior({ counts, sums }: NaiveStatistics, factors: NaiveFactors) {
  const rank = factors[0][0].length;
  const columns = Array.from({ length: rank }, (_, i) => i);
  const column = (c: number, i: number) => factors[c].map((row) => row[i]);
  const precision = columns.map((i) =>
    columns.map((j) => counts.reduce((sum, n, c) => sum + n * dot(column(c, i), column(c, j)), Number(i === j))),
  );
  const { inverse: covariance, determinant } = inverse(precision);
  const linear = columns.map((i) => sums.reduce((sum, own, c) => sum + dot(column(c, i), own), 0));
  const mean = covariance.map((row) => dot(row, linear));
  const moment = covariance.map((row, i) => row.map((value, j) => value + mean[i] * mean[j]));
  return { mean, moment, logLikelihood: 0.5 * dot(linear, mean) - 0.5 * Math.log(determinant) };
}

/** One round for T without minimum divergence: T_c = (sum f w^T) (sum n E[w w^T])^-1; and the likelihood before it. */
export function naiveFactorRound(rows: NaiveStatistics[], factors: NaiveFactors) {
  const posteriors = rows.map((row) => naivePosterior(row, factors));
  const next = factors.map((own, c) => {
    const rank = own[0].length;
    const columns = Array.from({ length: rank }, (_, i) => i);
    const a = columns.map((i) =>
      columns.map((j) => rows.reduce((sum, { counts }, u) => sum + counts[c] * posteriors[u].moment[i][j], 0)),
    );
    const { inverse: solved } = inverse(a);
    return own.map((_, d) => {
      const b = columns.map((i) => rows.reduce((sum, { sums }, u) => sum + sums[c][d] * posteriors[u].mean[i], 0));
      return columns.map((i) => dot(solved[i], b));
    });
  });
  return { next, logLikelihood: posteriors.reduce((sum, posterior) => sum + posterior.logLikelihood, 0) };
}
