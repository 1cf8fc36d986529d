import { stopGradient } from '../../engine/autodiff.js';
import { hits } from '../../engine/ops/hits.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { meanOfCounted } from '../../engine/workers/collectives.js';
import type { ClassificationLoss, LossSchedule } from '../classifier/classification-loss.js';
import { KEPT, REJECTED } from './gate-keeper.js';
import type { LabelAlignment } from './label-alignment.js';
import { type Correction, type Prediction, predictLabels } from './label-correction.js';

/** The gate's part in an update. */
export interface GateSetting {
  /** The largest loss that is kept; Infinity keeps all. */
  gate: number;
  /** Weight of the losses of earlier epochs where a loss is judged, 0 to 1; the current loss has the rest. */
  momentum: number;
  /** Gives rejected samples another label; absent, no clean view is computed. */
  correction?: Correction;
}

/**
 * The losses by which a gate judges labels: those without the margin, or, as published, those with as much of it as the update trains
 * with.
 */
export type Judged = 'without-margin' | 'with-margin';

/** Inputs of a step that the gate reads: labels and history [batch], the others scalars; the last two where labels are corrected. */
type GateInputs = Record<'labels' | 'history' | 'gate' | 'momentum' | keyof Correction, Tensor>;

/** What is trained on of a micro-batch. */
export interface Counted {
  /** Class scores without margin, where the loss has them. // [batch, classes] */
  scores?: Tensor;
  /** The labels given, or those that replaced them. // [batch] int32 */
  targets: Tensor;
  /** 1 for samples that count, else 0. // [batch] */
  weights: Tensor;
}

/** A classification loss behind a gate, traced. */
export interface GatedLoss {
  /** The network's own labels, from the embeddings [batch, size] of the clean view. */
  predict(embeddings: Tensor, inputs: Record<string, Tensor>, schedule: LossSchedule): Prediction;
  /**
   * Mean loss over the samples that count, from the embeddings [batch, size] of the augmented view; each sample's judged loss and decision
   * as `aux.losses` and `aux.decisions` [batch]; and what was counted, for whoever learns beside it. Where no sample counts, the loss is 0
   * without gradient, rather than 0 / 0.
   */
  loss(
    embeddings: Tensor,
    inputs: Record<string, Tensor>,
    schedule: LossSchedule,
    predicted?: Prediction,
  ): { loss: Tensor; aux: Record<string, Tensor>; counted: Counted };
}

/**
 * Loss-gated learning in the graph: samples with a loss up to the gate count with their label; of the others, those whose prediction is
 * confident count with the predicted label.
 */
export function createGatedLoss(head: ClassificationLoss, alignment: LabelAlignment, judges: Judged): GatedLoss {
  return {
    predict(embeddings, inputs, schedule) {
      const { labels, temperature, confidence } = inputs as GateInputs;
      const { scores } = head.losses(embeddings, labels, schedule);
      return predictLabels(scores!, { temperature, confidence, alignment });
    },
    loss(embeddings, inputs, schedule, predicted) {
      const { labels, gate, history, momentum } = inputs as GateInputs;
      const own = head.losses(embeddings, labels, schedule);
      const { losses, plain = losses, scores } = own;
      const judged = judgedLosses(stopGradient(judges === 'with-margin' ? losses : plain), history, momentum);
      const kept = tf.lessEqual(judged, gate);
      if (predicted) alignment.note(predicted.probabilities, tf.logicalNot(kept));
      const corrected = predicted ? tf.logicalAnd(tf.logicalNot(kept), predicted.confident) : tf.zerosLike(kept);
      const targets = predicted ? tf.where(corrected, predicted.labels, labels) : labels;
      const weights = tf.cast(tf.logicalOr(kept, corrected), 'float32');
      const trained = predicted ? head.losses(embeddings, targets, schedule) : own;
      const targetLosses = trained.beside ? tf.add(trained.losses, trained.beside) : trained.losses;
      head.note?.(stopGradient(embeddings), targets, weights);
      return {
        loss: meanOfCounted(targetLosses, weights),
        counted: { scores, targets, weights },
        aux: {
          losses: judged,
          decisions: decisionsOf(kept, corrected, targets),
          kept: share(kept),
          ...(predicted && { corrected: share(corrected) }),
          ...(scores && { accuracy: share(hits(scores, labels)) }),
        },
      };
    },
  };
}

const share = (which: Tensor): Tensor => tf.mean(tf.cast(which, 'float32'));

/** Decision of each sample, [batch] int32: whether its label is kept, or else replaced (both [batch] bool) by `labels`. */
function decisionsOf(kept: Tensor, replaced: Tensor, labels: Tensor): Tensor {
  const all = (value: number) => tf.fill(kept.shape, value, 'int32');
  return tf.where(kept, all(KEPT), tf.where(replaced, labels, all(REJECTED)));
}

/** Keeps logarithms of losses finite. */
const LEAST_LOSS = 1e-12;

/**
 * Losses as the gate judges them: their running geometric mean over the epochs, for the loss of a single augmented crop says little about
 * a label. `history` is the last such mean, NaN for none; with a momentum of 0 the current loss is judged. // [batch]
 */
function judgedLosses(losses: Tensor, history: Tensor, momentum: Tensor): Tensor {
  const log = (x: Tensor) => tf.log(tf.maximum(x, LEAST_LOSS));
  const smoothed = tf.exp(tf.add(tf.mul(log(history), momentum), tf.mul(log(losses), tf.sub(1, momentum))));
  const usable = tf.logicalAnd(tf.logicalNot(tf.isNaN(history)), tf.greater(momentum, 0));
  return tf.where(usable, smoothed, losses);
}
