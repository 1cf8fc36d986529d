import type { Tensor } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';

/** What varies from update to update; scalars. */
export interface LossMoment {
  /** Whole number, from 0. */
  step: Tensor;
  /** What share of its margin a loss has, 0 to 1. */
  margin: Tensor;
}

/** A loss over labelled embeddings, built at its scope. */
export interface ClassificationLoss {
  /** [embeddingSize, classes], when the loss has one prototype a class; it may be started from cluster centres. */
  prototypes?: Variable;
  /**
   * `embeddings` [batch, size], `labels` [batch] (int32): each sample's loss [batch]; `plain` [batch], the loss without margin where that
   * differs, by which a gate judges a label; class scores without margin [batch, classes], where there are classes.
   */
  losses(embeddings: Tensor, labels: Tensor, moment: LossMoment): { losses: Tensor; plain?: Tensor; scores?: Tensor };
}
