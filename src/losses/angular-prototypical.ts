import { defineLoss, learnedScale, ownRows, tf, unit, wholeBatchRows, z } from '../index.js';
import { comparesUtterances, findOwnSpeaker, queriesAndCentroids, utterancesPerSpeaker } from './parts/speaker-runs.js';

/**
 * Angular prototypical loss: the prototypical one by w cos + b to the means, with w (above 0) and b learned. It has no margin.
 *
 * J. S. Chung et al., "In Defence of Metric Learning for Speaker Recognition", Interspeech 2020, arXiv:2003.11982.
 */
export default defineLoss({
  name: 'angular-prototypical',
  summary: 'Angular prototypical: an utterance finds its speaker by a scaled cosine to the mean of the others.',
  options: z.strictObject({ utterancesPerSpeaker: utterancesPerSpeaker(2) }),
  ...comparesUtterances,
  hasMargin: () => false,
  build({ scope, options: { utterancesPerSpeaker } }) {
    const scale = learnedScale(scope);
    return {
      losses(embeddings) {
        const { queries, centroids } = queriesAndCentroids(wholeBatchRows(embeddings), utterancesPerSpeaker);
        const cosines = tf.matMul(unit(queries, 1), unit(centroids, 1), false, true);
        return { losses: ownRows(findOwnSpeaker(scale(cosines), utterancesPerSpeaker)) };
      },
    };
  },
});
