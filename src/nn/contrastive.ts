import { sparseSoftmaxCrossEntropy } from '../engine/ops/cross-entropy.js';
import { hits } from '../engine/ops/hits.js';
import { type Tensor, tf } from '../engine/tf.js';
import { type Margin, withMargin } from './angular-margin.js';

/** A contrastive loss, and the share of rows whose nearest candidate is their positive. */
export interface Contrast {
  /** Scalar. */
  loss: Tensor;
  /** Scalar in [0, 1], without margin. */
  accuracy: Tensor;
}

/**
 * Each row must pick its positive, candidate `positives[row]`, among all candidates: softmax cross-entropy of the logits that
 * `scale` makes of `cosines` [rows, candidates] with the positives' margin on, averaged over rows.
 */
export function contrast(
  cosines: Tensor,
  positives: readonly number[],
  { margin, scale }: { margin: Margin; scale: (cosines: Tensor) => Tensor },
): Contrast {
  const labels = tf.tensor1d([...positives], 'int32');
  const accuracy = tf.mean(hits(cosines, labels));
  const loss = (moved: Tensor) => tf.mean(sparseSoftmaxCrossEntropy(scale(moved), labels));
  if (margin.kind === 'none') return { loss: loss(cosines), accuracy };
  const isPositive = tf.cast(tf.oneHot(labels, cosines.shape[1]!), 'float32');
  const positive = tf.sum(tf.mul(cosines, isPositive), 1, true);
  return { loss: loss(tf.add(cosines, tf.mul(isPositive, tf.sub(withMargin(positive, margin), positive)))), accuracy };
}
