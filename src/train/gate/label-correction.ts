import { type Tensor, tf } from '../../engine/tf.js';
import type { LabelAlignment } from './label-alignment.js';

/** The condition under which a network's own prediction replaces a label. */
export type Correction = {
  /** Divides the class scores before the softmax. */
  temperature: number;
  /** The largest probability must be above this. */
  confidence: number;
};

/** A network's own labels of a batch. */
export interface Prediction {
  /** Before they are aligned. // [batch, classes] */
  probabilities: Tensor;
  /** The likeliest class, int32. // [batch] */
  labels: Tensor;
  /** True where its probability is above the required confidence, bool. // [batch] */
  confident: Tensor;
}

/**
 * Label correction of DLG-LC (Han, Chen, Qian, "Self-Supervised Speaker Verification Using Dynamic Loss-Gate and Label Correction",
 * Interspeech 2022, arXiv:2208.01928): labels by softmax(scores / temperature), weighted by the alignment. `scores` [batch, classes] are
 * the loss's class scores without margin. For margin losses they are cosines: a temperature of 1 / scale gives the posterior that the
 * network is trained for, a higher one demands a clearer lead.
 */
export function predictLabels(
  scores: Tensor,
  { temperature, confidence, alignment }: Record<keyof Correction, Tensor> & { alignment: LabelAlignment },
): Prediction {
  const probabilities = tf.softmax(tf.div(scores, temperature), 1);
  const aligned = alignment.align(probabilities);
  return { probabilities, labels: tf.argMax(aligned, 1), confident: tf.greater(tf.max(aligned, 1), confidence) };
}
