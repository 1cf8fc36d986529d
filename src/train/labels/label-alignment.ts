import { type Tensor, tf } from '../../engine/tf.js';
import { float32, type HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';

/** Samples of a class that the running mean looks back on. */
const REMEMBERED = 10;

/** Keeps predicted labels spread over the classes as the given labels are. */
export interface LabelAlignment {
  /** What the state is where `shares` [classes] (adding up to 1) of the given labels are of each class; to be loaded before the first update. */
  start(shares: Float32Array): Record<string, HostTensor>;
  /** Probabilities [batch, classes] made fewer for classes that have been predicted too often, more for those too seldom. */
  align(probabilities: Tensor): Tensor;
  /** Notes the unaligned probabilities [batch, classes] of the samples that `which` [batch] (bool) names. */
  note(probabilities: Tensor, which: Tensor): void;
}

/**
 * Distribution alignment (Berthelot et al. 2020, "ReMixMatch", section 3.1): probabilities are multiplied by the share that a class has
 * of the labels and divided by the share that it has had of the predictions, a running mean. Without it, corrections run into
 * the few classes that were predicted a little too often, and training on them makes it worse.
 */
export function createLabelAlignment(scope: Scope, classes: number): LabelAlignment {
  const given = scope.buffer('given', [classes], 1 / classes);
  const predicted = scope.buffer('predicted', [classes], 1 / classes);
  return {
    start: (shares) => ({ [given.name]: float32(shares), [predicted.name]: float32(shares) }),
    align(probabilities) {
      const weighted = tf.mul(probabilities, tf.div(given.read(), tf.add(predicted.read(), 1e-6 / classes)));
      return tf.div(weighted, tf.maximum(tf.sum(weighted, 1, true), 1e-30));
    },
    note(probabilities, which) {
      const weights = tf.cast(which, 'float32');
      const count = tf.sum(weights);
      const mean = tf.div(tf.sum(tf.mul(probabilities, tf.expandDims(weights, 1)), 0), tf.maximum(count, 1));
      const kept = tf.exp(tf.neg(tf.div(count, REMEMBERED * classes)));
      predicted.assign(tf.add(tf.mul(predicted.read(), kept), tf.mul(mean, tf.sub(1, kept))) as Tensor);
    },
  };
}

/**
 * What share of the labels is of each class; a speaker is as frequent at every speed.
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
