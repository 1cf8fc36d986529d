import { defineLoss, ownRows, squaredDistances, tf, wholeBatchRows, z } from '../index.js';
import { comparesUtterances, findOwnSpeaker, queriesAndCentroids, utterancesPerSpeaker } from './parts/speaker-runs.js';

/**
 * Prototypical loss: each speaker's last utterance must find the mean of the speaker's other utterances among the means of all
 * speakers, by softmax of minus the squared distances. It has no margin.
 *
 * J. Snell, K. Swersky, R. Zemel, "Prototypical Networks for Few-shot Learning", NIPS 2017, arXiv:1703.05175.
 */
export default defineLoss({
  name: 'prototypical',
  summary: 'Prototypical networks: an utterance finds its speaker by squared distance to the mean of the others.',
  options: z.strictObject({ utterancesPerSpeaker: utterancesPerSpeaker(2) }),
  ...comparesUtterances,
  hasMargin: () => false,
  build: ({ options: { utterancesPerSpeaker } }) => ({
    losses(embeddings) {
      const { queries, centroids } = queriesAndCentroids(wholeBatchRows(embeddings), utterancesPerSpeaker);
      const losses = findOwnSpeaker(tf.neg(squaredDistances(queries, centroids)), utterancesPerSpeaker);
      return { losses: ownRows(losses) };
    },
  }),
});
