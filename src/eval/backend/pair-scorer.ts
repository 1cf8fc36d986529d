import { UserError } from '../../errors.js';
import { dot, norm } from '../../rows.js';
import { applySteps, type EmbeddingStep, toLength } from './steps.js';

/**
 * Scores an enrolment against a test utterance by a dot product of two rows, each made from one side alone: millions of trials need
 * only one row per utterance, and scores against a cohort are a matrix product. The score of two utterances is the same both ways.
 */
export interface PairScorer {
  /** The row of a speaker model made of one or more embeddings. @throws UserError with its name for one that has no score */
  enrol(vectors: readonly ArrayLike<number>[], name: string): Float64Array;
  /** The row of a test utterance's embedding. @throws UserError with its name for one that has no score */
  test(vector: ArrayLike<number>, name: string): Float64Array;
}

/** Cosines; a model of several utterances is the mean of their directions. @param steps applied to embeddings first */
export function cosineScorer(steps: readonly EmbeddingStep[]): PairScorer {
  const direction = (vector: ArrayLike<number>, name: string) => {
    const stepped = applySteps(steps, vector);
    const length = norm(stepped);
    if (length === 0) {
      const why = steps.length > 0 ? 'equals the mean that is subtracted' : 'is zero';
      throw new UserError(`The embedding of ${name} ${why}, so it has no cosine. Is the recording silent?`);
    }
    return stepped.map((value) => value / length);
  };
  return {
    enrol(vectors, name) {
      const mean = meanOf(vectors.map((vector) => direction(vector, name)));
      if (vectors.length === 1) return mean;
      if (dot(mean, mean) === 0)
        throw new UserError(
          `The embeddings of the model ${name} cancel out, so it has no cosine. Enrol other utterances.`,
        );
      return toLength(mean, 1);
    },
    test: direction,
  };
}

/** The mean of vectors of one length. */
export function meanOf(vectors: readonly Float64Array[]): Float64Array {
  if (vectors.length === 1) return vectors[0];
  return vectors[0].map((_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0) / vectors.length);
}
