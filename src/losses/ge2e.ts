import {
  defineLoss,
  learnedScale,
  ownRows,
  sparseSoftmaxCrossEntropy,
  type Tensor,
  tf,
  unit,
  wholeBatchRows,
  withoutGradient,
  z,
} from '../index.js';
import { bySpeaker, comparesUtterances, utterancesPerSpeaker } from './parts/speaker-runs.js';

/**
 * Generalised end-to-end loss: each utterance by S = w cos + b to the mean of every speaker; the mean of its own speaker leaves it
 * out. `softmax`: cross-entropy over speakers; `contrast`: 1 - sigmoid(S own) + the largest sigmoid(S other). It has no margin.
 *
 * L. Wan, Q. Wang, A. Papir, I. Lopez Moreno, "Generalized End-to-End Loss for Speaker Verification", ICASSP 2018, arXiv:1710.10467.
 */
export default defineLoss({
  name: 'ge2e',
  summary: 'Generalised end-to-end loss: every utterance against the mean of every speaker.',
  options: z.strictObject({
    utterancesPerSpeaker: utterancesPerSpeaker(4),
    form: z.enum(['softmax', 'contrast']).default('softmax'),
  }),
  ...comparesUtterances,
  hasMargin: () => false,
  build({ scope, options: { utterancesPerSpeaker, form } }) {
    const scale = learnedScale(scope);
    return {
      losses(embeddings) {
        const { cosines, oneHot, speakers } = againstMeans(wholeBatchRows(embeddings), utterancesPerSpeaker);
        const losses =
          form === 'softmax' ? sparseSoftmaxCrossEntropy(scale(cosines), speakers) : contrast(scale(cosines), oneHot);
        return { losses: ownRows(losses) };
      },
    };
  },
});

/** Cosines of each row to each speaker's mean [rows, speakers]; each row's speaker as an index [rows] and one-hot [rows, speakers]. */
function againstMeans(embeddings: Tensor, utterances: number) {
  const runs = bySpeaker(unit(embeddings, 1), utterances);
  const [count, , size] = runs.shape as [number, number, number];
  const rows = tf.reshape(runs, [count * utterances, size]);
  const speakers = tf.tensor1d(
    [...Array(rows.shape[0]).keys()].map((row) => Math.floor(row / utterances)),
    'int32',
  );
  const oneHot = tf.cast(tf.oneHot(speakers, count), 'float32') as Tensor;
  const sums = tf.sum(runs, 1, true);
  const toAll = tf.matMul(rows, unit(tf.squeeze(sums, [1]), 1), false, true);
  const withoutItself = tf.reshape(unit(tf.sub(sums, runs), 2), rows.shape);
  const toOwn = tf.sum(tf.mul(rows, withoutItself), 1, true);
  return {
    cosines: tf.add(toAll, tf.mul(oneHot, tf.sub(toOwn, toAll))) as Tensor,
    oneHot,
    speakers: speakers as Tensor,
  };
}

function contrast(similarities: Tensor, oneHot: Tensor): Tensor {
  const probabilities = tf.sigmoid(similarities);
  const nearest = withoutGradient(() => {
    const others = tf.sub(probabilities, tf.mul(oneHot, 2));
    return tf.cast(tf.oneHot(tf.argMax(others, 1), oneHot.shape[1]!), 'float32') as Tensor;
  });
  return tf.add(1, tf.sum(tf.mul(probabilities, tf.sub(nearest, oneHot)), 1));
}
