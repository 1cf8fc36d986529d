import { sparseSoftmaxCrossEntropy, type Tensor, tf, UserError, z } from '../../index.js';

/** The option of every loss that compares utterances. */
export const utterancesPerSpeaker = (usual: number) =>
  z.number().int().min(2).default(usual).describe('utterances of each speaker in a batch');

/** The part of the definition that every such loss shares. */
export const comparesUtterances = {
  scores: false,
  manyWorkers: true,
  batch: ({ utterancesPerSpeaker }: { utterancesPerSpeaker: number }) => ({ utterancesPerSpeaker }),
};

/**
 * Rows of a batch, a run of `utterances` for each speaker, as [speakers, utterances, size]. Throws a UserError for rows that do not
 * split into such runs, or of a single speaker: there is nothing to compare.
 */
export function bySpeaker(embeddings: Tensor, utterances: number): Tensor {
  const [rows, size] = embeddings.shape as [number, number];
  const speakers = rows / utterances;
  if (Number.isInteger(speakers) && speakers > 1) return tf.reshape(embeddings, [speakers, utterances, size]);
  throw new UserError(
    `${rows} utterances cannot be compared: the loss needs ${utterances} of each of two speakers or more. ` +
      `Choose a batch size (in each part of an accumulated batch) that is a multiple of ${utterances}, at least ${2 * utterances}.`,
  );
}

/** Each speaker's last utterance and the mean of the others, both [speakers, size]. */
export function queriesAndCentroids(embeddings: Tensor, utterances: number): { queries: Tensor; centroids: Tensor } {
  const runs = bySpeaker(embeddings, utterances);
  const [others, last] = tf.split(runs, [utterances - 1, 1], 1);
  return { queries: tf.squeeze(last, [1]), centroids: tf.mean(others, 1) };
}

/**
 * Each query must find its own speaker among all by softmax of `similarities` [speakers, speakers]; a speaker's loss is that of each of
 * its `utterances`, [speakers * utterances].
 */
export function findOwnSpeaker(similarities: Tensor, utterances: number): Tensor {
  const speakers = similarities.shape[0]!;
  const losses = sparseSoftmaxCrossEntropy(similarities, tf.range(0, speakers, 1, 'int32'));
  return tf.reshape(tf.tile(tf.expandDims(losses, 1), [1, utterances]), [speakers * utterances]);
}
