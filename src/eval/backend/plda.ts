import { dot } from '../../rows.js';
import { meanOf, type PairScorer } from './pair-scorer.js';
import { applySteps, type EmbeddingStep } from './steps.js';

/**
 * The two-covariance model (Ioffe, "Probabilistic Linear Discriminant Analysis", ECCV 2006, doi:10.1007/11744085_41; Brümmer and de
 * Villiers, "The Speaker Partitioning Problem", Odyssey 2010): a vector is mean + speaker + session, speaker ~ N(0, B),
 * session ~ N(0, W). It is kept in the basis where both are diagonal, as Kaldi keeps it.
 */
export interface Plda {
  size: number;
  /** [size] */
  mean: Float64Array;
  /** [size, size] A with A W A^T = I and A B A^T = diag(betweenVariances). */
  transform: Float64Array;
  /** [size] never negative, largest first in models of `fitPlda`. */
  betweenVariances: Float64Array;
}

/** Options of scoring. */
export interface PldaScoring {
  /**
   * `count`: an enrolment of n utterances counts as n observations, as the model has it; `mean`: their mean counts as one utterance.
   */
  sessions: 'count' | 'mean';
  /**
   * Length normalisation in the diagonal basis: `none`; `simple`: to sqrt(size); `kaldi`: so that the vector's length is what the
   * model expects, sum of x^2 / (between variance + 1/n) = size.
   */
  lengthNorm: 'none' | 'simple' | 'kaldi';
}

/** The defaults of Kaldi's ivector-plda-scoring. */
export const KALDI_SCORING: PldaScoring = { sessions: 'count', lengthNorm: 'kaldi' };

/** A vector in the basis where both covariances are diagonal. @param sessions utterances that it is the mean of */
export function toLatent(plda: Plda, vector: Float64Array, lengthNorm: PldaScoring['lengthNorm'], sessions = 1) {
  const { size, mean, transform, betweenVariances } = plda;
  if (vector.length !== size) throw new Error(`a vector of ${vector.length} dimensions for a PLDA of ${size}`);
  const centred = vector.map((value, i) => value - mean[i]);
  const latent = Float64Array.from(mean, (_, i) => dot(transform.subarray(i * size, (i + 1) * size), centred));
  if (lengthNorm === 'none') return latent;
  const square =
    lengthNorm === 'simple'
      ? dot(latent, latent)
      : latent.reduce((sum, value, i) => sum + value ** 2 / (betweenVariances[i] + 1 / sessions), 0);
  return square === 0 ? latent : latent.map((value) => value * Math.sqrt(size / square));
}

/**
 * Natural log-likelihood ratios of "same speaker" against "different speakers", in closed form. With between variance p of an axis
 * and an enrolment mean e of n utterances, a test x of the same speaker has mean m = n p e / (n p + 1) and variance
 * v = 1 + p / (n p + 1); of another one, 0 and 1 + p. Written out, the ratio is a dot product of two rows, one from each side:
 * [m / v, (1/(1+p) - 1/v) / 2, bias] with [x, x^2, 1].
 */
export function pldaScorer(
  plda: Plda,
  steps: readonly EmbeddingStep[],
  { sessions, lengthNorm }: PldaScoring,
): PairScorer {
  const { size, betweenVariances } = plda;
  const latentOf = (vectors: readonly ArrayLike<number>[], n: number) =>
    toLatent(plda, meanOf(vectors.map((vector) => applySteps(steps, vector))), lengthNorm, n);
  return {
    enrol(vectors) {
      const n = sessions === 'count' ? vectors.length : 1;
      const latent = latentOf(vectors, n);
      const row = new Float64Array(2 * size + 1);
      for (let i = 0; i < size; i++) {
        const between = betweenVariances[i];
        const mean = (n * between * latent[i]) / (n * between + 1);
        const variance = 1 + between / (n * between + 1);
        row[i] = mean / variance;
        row[size + i] = 0.5 * (1 / (1 + between) - 1 / variance);
        row[2 * size] += 0.5 * (Math.log((1 + between) / variance) - mean ** 2 / variance);
      }
      return row;
    },
    test(vector) {
      const latent = latentOf([vector], 1);
      const row = new Float64Array(2 * size + 1);
      row.set(latent);
      for (let i = 0; i < size; i++) row[size + i] = latent[i] ** 2;
      row[2 * size] = 1;
      return row;
    },
  };
}
