import { type Tensor, tf } from '../../engine/tf.js';
import type { LabelAlignment } from './label-alignment.js';

/** When a network's own prediction replaces a label. */
export type Correction = {
  /** What class scores are divided by before the softmax. */
  temperature: number;
  /** The largest probability must be above this. */
  confidence: number;
};

/** What a network calls each sample. */
export interface Predicted {
  /** Before they are aligned. // [batch, classes] */
  probabilities: Tensor;
  /** The likeliest class, int32. // [batch] */
  labels: Tensor;
  /** Whether its probability is above the confidence that is asked for, bool. // [batch] */
  confident: Tensor;
}

/** What became of a sample in an update; a label that replaced the given one stands for itself (0 or more). */
export const KEPT = -1;
export const REJECTED = -2;
/** No update met it yet. */
export const UNSEEN = -3;

/**
 * What a network calls each sample (label correction of DLG-LC, Han et al. 2022), by softmax(scores / temperature) as the alignment
 * weighs it. `scores` [batch, classes] are the loss's class scores without margin. For margin losses they are cosines: a temperature of 1 / scale
 * gives the posterior that the network is trained for, a higher one asks for a clearer lead.
 */
export function predictLabels(
  scores: Tensor,
  { temperature, confidence, alignment }: Record<keyof Correction, Tensor> & { alignment: LabelAlignment },
): Predicted {
  const probabilities = tf.softmax(tf.div(scores, temperature), 1);
  const aligned = alignment.align(probabilities);
  return { probabilities, labels: tf.argMax(aligned, 1), confident: tf.greater(tf.max(aligned, 1), confidence) };
}

/** Decision of each sample, [batch] int32: whether its label is kept, or else replaced (both [batch] bool) by `labels`. */
export function decisionsOf(kept: Tensor, replaced: Tensor, labels: Tensor): Tensor {
  const all = (value: number) => tf.fill(kept.shape, value, 'int32');
  return tf.where(kept, all(KEPT), tf.where(replaced, labels, all(REJECTED)));
}
