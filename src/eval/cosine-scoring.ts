import { UserError } from '../errors.js';
import { cosineScorer } from './backend/pair-scorer.js';
import { subtraction } from './backend/steps.js';
import { scorePairs, type TrialInput, trialPairs } from './backend/trial-pairs.js';

export interface ScoringOptions {
  /** Subtracted from every embedding before scoring (mean-subtracted scoring); raw scoring when absent. [dimensions] */
  mean?: Float32Array;
  /** The utterances of each speaker model, where enrolments are models; a model is the mean of its utterances' directions. */
  enrolments?: TrialInput['enrolments'];
  /** The enrolments' embeddings and mean, where another model made them in the same space. */
  enrolled?: { embeddings: TrialInput['embeddings']; mean?: Float32Array };
}

const scorerOf = (mean: Float32Array | undefined) => cosineScorer(mean ? [subtraction(mean)] : []);

/**
 * Cosine scores of trials, in [-1, 1].
 * @param embeddings one vector per utterance, all of one length, any norm
 * @returns [trials]
 * @throws UserError for utterances without an embedding (all in one message), of another length, not finite, or zero, and for
 *   models without an utterance
 */
export function scoreTrials(
  embeddings: TrialInput['embeddings'],
  trials: TrialInput['trials'],
  { mean, enrolments, enrolled }: ScoringOptions = {},
): Float32Array {
  const pairs = trialPairs({ embeddings, trials, enrolments, enrolled: enrolled?.embeddings }, mean?.length);
  const side = enrolled && { scorer: scorerOf(enrolled.mean), embeddings: enrolled.embeddings };
  return scorePairs(scorerOf(mean), pairs, embeddings, side);
}

/** The mean of vectors of one length, for mean-subtracted scoring. @throws UserError when there is none */
export function meanEmbedding(embeddings: Iterable<Float32Array>): Float32Array {
  let sum: Float64Array | undefined;
  let count = 0;
  for (const vector of embeddings) {
    sum ??= new Float64Array(vector.length);
    if (vector.length !== sum.length) throw new Error(`embeddings of ${sum.length} and ${vector.length} dimensions`);
    for (let i = 0; i < vector.length; i++) sum[i] += vector[i];
    count++;
  }
  if (!sum) throw new UserError('There is no embedding to take the mean of.');
  return Float32Array.from(sum, (total) => total / count);
}
