import type { Tensor } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';

/** Values that change from update to update; scalars. */
export interface LossSchedule {
  /** Updates done; whole number, from 0. */
  step: Tensor;
  /** Share of its margin that a loss has, 0 to 1. */
  margin: Tensor;
}

/** A loss over labelled embeddings, built at its scope. */
export interface ClassificationLoss {
  /** [embeddingSize, classes], when the loss has one prototype a class; it may be started from cluster centres. */
  prototypes?: Variable;
  /**
   * From `embeddings` [batch, size] and `labels` [batch] (int32): the `losses` [batch] of the samples; `plain` [batch], the losses without
   * margin where these differ, by which a gate judges labels; `beside` [batch], terms that are trained on, too, and that no gate judges;
   * and `scores` [batch, classes], the class scores without margin, where there are classes.
   */
  losses(
    embeddings: Tensor,
    labels: Tensor,
    schedule: LossSchedule,
  ): { losses: Tensor; plain?: Tensor; beside?: Tensor; scores?: Tensor };
  /**
   * Moves what the loss keeps beside its trained weights, after `losses`: by the `embeddings` [batch, size] and `labels` [batch] that the
   * update trains on, of which those with a 1 in `counts` [batch] count, the others being 0. Constants to every gradient.
   */
  note?(embeddings: Tensor, labels: Tensor, counts: Tensor): void;
}
