import { type Tensor, tf } from '../../engine/tf.js';
import { withWholeBatch } from '../../engine/whole-batch.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';

/** Memory of the running mean, in samples of a class. */
const REMEMBERED = 10;

/** Keeps the distribution of predicted labels over the classes like that of the given labels. */
export interface LabelAlignment {
  /** The state for given labels of which `shares` [classes] (adding up to 1) are of each class; to be loaded before the first update. */
  start(shares: Float32Array): Record<string, HostTensor>;
  /** Down-weights probabilities [batch, classes] of classes that are predicted more often than they occur, and raises the others. */
  align(probabilities: Tensor): Tensor;
  /** Takes the unaligned probabilities [batch, classes] of the samples selected by `which` [batch] (bool) into the running mean. */
  note(probabilities: Tensor, which: Tensor): void;
}

/**
 * Distribution alignment (Berthelot et al., "ReMixMatch: Semi-Supervised Learning with Distribution Alignment and Augmentation Anchoring",
 * ICLR 2020, arXiv:1911.09785, section 3.1): probabilities are multiplied by a class's share of the labels and divided by its share of
 * the predictions so far, a running mean. Without it, corrections run into the few classes that were predicted a little too often, and
 * training on them makes it worse.
 */
export function createLabelAlignment(scope: Scope, classes: number): LabelAlignment {
  const labelled = scope.buffer('given', [classes], 1 / classes);
  const predicted = scope.buffer('predicted', [classes], 1 / classes);
  return {
    start: (shares) => ({ [labelled.name]: float32(shares), [predicted.name]: float32(shares) }),
    align(probabilities) {
      const weighted = tf.mul(probabilities, tf.div(labelled.read(), tf.add(predicted.read(), 1e-6 / classes)));
      return tf.div(weighted, tf.maximum(tf.sum(weighted, 1, true), 1e-30));
    },
    note(probabilities, which) {
      const weights = tf.cast(which, 'float32');
      const sum = tf.sum(tf.mul(probabilities, tf.expandDims(weights, 1)), 0, true); // [1, classes]
      withWholeBatch([sum, tf.reshape(tf.sum(weights), [1])], ([sums, counts]) => {
        const count = tf.sum(counts);
        const mean = tf.div(tf.sum(sums, 0), tf.maximum(count, 1));
        const kept = tf.exp(tf.neg(tf.div(count, REMEMBERED * classes)));
        predicted.assign(tf.add(tf.mul(predicted.read(), kept), tf.mul(mean, tf.sub(1, kept))) as Tensor);
      });
    },
  };
}

/**
 * Share of each class in the labels; a speaker is as frequent at every speed.
 * @param labels [utterances] -1: none
 * @returns [speakers * speeds] adding up to 1; class = speed * speakers + speaker
 */
export function labelShares(
  labels: Int32Array,
  { speakers, speeds }: { speakers: number; speeds: number },
): Float32Array {
  const counts = new Float32Array(speakers);
  for (const label of labels) if (label >= 0) counts[label]++;
  const total = counts.reduce((a, b) => a + b, 0) * speeds;
  return Float32Array.from({ length: speakers * speeds }, (_, i) => counts[i % speakers] / total);
}
