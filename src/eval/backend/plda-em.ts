import { LuDecomposition, Matrix } from 'ml-matrix';
import { UserError } from '../../errors.js';
import { classStatistics, type LabelledVectors } from './class-statistics.js';
import { diagonalise, raiseVariances } from './diagonalise.js';
import { addOuter, congruence, mirrorLower, multiply, transpose } from './matrix.js';
import type { Plda } from './plda.js';

/** An estimated model, and the likelihood of the data under the model of each iteration. */
export interface PldaFit {
  plda: Plda;
  /** [iterations + 1] natural log-likelihood per training vector; it never falls. */
  logLikelihoods: number[];
}

/** The statistics in the basis where W is the unit matrix and B is diagonal, around the mean. */
interface LatentStatistics {
  counts: Int32Array;
  /** [classes, size] */
  means: Float64Array;
  /** [size, size] */
  withinScatter: Float64Array;
}

/**
 * Estimates the two-covariance model by expectation maximisation (see {@link Plda} for the papers). Each round works in the
 * basis where both covariances are diagonal, so that a speaker's posterior needs no matrix inverse.
 * @throws UserError for fewer than two speakers, or when no speaker has two utterances that differ
 */
export function fitPlda(labelled: LabelledVectors, { iterations = 10 } = {}): PldaFit {
  const { size, rows, mean, counts, means, withinScatter } = classStatistics(labelled);
  if (counts.length < 2)
    throw new UserError('PLDA learns how speakers differ, and there is only one. Give labels of more.');
  if (counts.every((count) => count < 2)) {
    throw new UserError('PLDA learns how one speaker varies, and none has two utterances. Use fewer, larger clusters.');
  }
  const centred = means.map((value, i) => value - mean[i % size]);
  // Along an axis where no speaker varies, the variance would shrink in every round.
  const statistics = { counts, means: centred, withinScatter: raiseVariances(withinScatter, size) };
  let { transform, betweenVariances } = turned(firstGuess(statistics, size, rows), null, size);
  const logLikelihoods: number[] = [];
  for (let iteration = 0; ; iteration++) {
    const latent = toLatentStatistics(statistics, transform, size);
    logLikelihoods.push(logLikelihood(latent, betweenVariances, transform, rows));
    if (iteration === iterations) break;
    ({ transform, betweenVariances } = turned(maximise(latent, betweenVariances, rows), transform, size));
  }
  return { plda: { size, mean, transform, betweenVariances }, logLikelihoods };
}

interface Covariances {
  within: Float64Array;
  between: Float64Array;
}

function firstGuess({ counts, means, withinScatter }: LatentStatistics, size: number, rows: number): Covariances {
  const between = new Float64Array(size * size);
  for (let i = 0; i < counts.length; i++)
    addOuter(between, means.subarray(i * size, (i + 1) * size), 1 / counts.length);
  return { between: mirrorLower(between, size), within: withinScatter.map((value) => value / rows) };
}

/** Diagonalises covariances that are given in the basis `before` (null: the vectors' own). */
function turned({ within, between }: Covariances, before: Float64Array | null, size: number) {
  const { transform, ratios } = diagonalise(within, between, size);
  const betweenVariances = ratios.map((value) => Math.max(0, value));
  return { transform: before ? multiply(transform, before, size) : transform, betweenVariances };
}

function toLatentStatistics(statistics: LatentStatistics, transform: Float64Array, size: number): LatentStatistics {
  return {
    counts: statistics.counts,
    means: multiply(statistics.means, transpose(transform, size), size),
    withinScatter: congruence(transform, statistics.withinScatter, size),
  };
}

/** One round: the posterior of each speaker, and the covariances that make it likeliest. */
function maximise({ counts, means, withinScatter }: LatentStatistics, betweenVariances: Float64Array, rows: number) {
  const size = betweenVariances.length;
  const between = new Float64Array(size * size);
  const within = withinScatter.map((value) => value / rows);
  const expected = new Float64Array(size);
  const rest = new Float64Array(size);
  for (const [speaker, n] of counts.entries()) {
    for (let i = 0; i < size; i++) {
      const mean = means[speaker * size + i];
      const variance = betweenVariances[i] / (1 + n * betweenVariances[i]);
      expected[i] = n * variance * mean;
      rest[i] = mean - expected[i];
      between[i * size + i] += variance / counts.length;
      within[i * size + i] += (n * variance) / rows;
    }
    addOuter(between, expected, 1 / counts.length);
    addOuter(within, rest, n / rows);
  }
  return { between: mirrorLower(between, size), within: mirrorLower(within, size) };
}

/** Mean log-likelihood of the vectors under the model. */
function logLikelihood(
  { counts, means, withinScatter }: LatentStatistics,
  betweenVariances: Float64Array,
  transform: Float64Array,
  rows: number,
): number {
  const size = betweenVariances.length;
  let sum = rows * size * Math.log(2 * Math.PI) - 2 * rows * logDeterminant(transform, size);
  for (let i = 0; i < size; i++) sum += withinScatter[i * size + i];
  for (const [speaker, n] of counts.entries()) {
    for (let i = 0; i < size; i++) {
      const scale = 1 + n * betweenVariances[i];
      sum += Math.log(scale) + (n * means[speaker * size + i] ** 2) / scale;
    }
  }
  return -sum / (2 * rows);
}

/** log |det A|, by elimination with pivots. */
function logDeterminant(matrix: Float64Array, size: number): number {
  const { upperTriangularMatrix: upper } = new LuDecomposition(Matrix.from1DArray(size, size, matrix));
  return upper.diagonal().reduce((sum, value) => sum + Math.log(Math.abs(value)), 0);
}
