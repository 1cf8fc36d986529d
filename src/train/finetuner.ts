import { changeSpeed } from '../audio/augment/speed.js';
import type { Batch } from '../data/crops/loader.js';
import { stopGradient, withoutGradient } from '../engine/autodiff.js';
import { toFloat32 } from '../engine/raw.js';
import type { Inputs } from '../engine/session/compile.js';
import type { Session } from '../engine/session/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import { float32, type HostData, int32 } from '../host-tensor.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import { createMovingAverage, type MovingAverage } from './averaging/moving-average.js';
import type { ClassificationLoss, LossMoment } from './labels/classification-loss.js';
import { createLabelAlignment, type LabelAlignment } from './labels/label-alignment.js';
import { type Correction, decisionsOf, type Predicted, predictLabels } from './labels/label-correction.js';
import { type CropView, cleanView, cropsToFeatures } from './step/crop-features.js';
import { withFrameCheck } from './step/frame-check.js';
import { type FreezeOptions, freeze } from './step/freeze.js';
import { checkMicroBatches, microBatches } from './step/micro-batches.js';
import { meanMetrics, type StepMetrics } from './step/step-metrics.js';
import { type CompiledCall, createTrainingStep, type StepValues } from './step/training-step.js';

/** What a classification step is made of. */
export interface FinetuneParts {
  session: Session;
  seed: number;
  classes: number;
  backbone(scope: Scope): Backbone;
  loss(context: { scope: Scope; embeddingSize: number; classes: number }): ClassificationLoss;
  view: CropView;
  /** Speeds at which crops are played; they are longer then, see speedCropSamples. Default: as they are. */
  speeds?: readonly number[];
  optimizer: OptimizerOptions;
  /** Micro-batches in an update. Default 1. */
  accumulate?: number;
  /** What the backbone's learning rate is multiplied by. Default 1. */
  backboneRate?: number;
  /** Parts that stand still. Default: none. */
  freeze?: FreezeOptions;
  /** Keeps the exponential mean of all weights, with this decay. Default: it does not. */
  averageDecay?: number;
}

/** What is known of a batch's samples. */
export interface LabelledSamples {
  /** [batch] */
  labels: Int32Array;
  /** Which of the speeds each is played at, where there are several. // [batch] */
  speed?: Int32Array;
  /** Loss of each as it was judged last, NaN for none. // [batch] */
  history: Float32Array;
}

/** What varies from update to update. */
export interface FinetuneMoment {
  step: number;
  rate: number;
  /** What share of its margin the loss has, 0 to 1. */
  margin: number;
  /** The largest loss that is kept; Infinity keeps all. */
  gate: number;
  /** What the losses of earlier epochs weigh where a loss is judged, 0 to 1; the loss of now weighs the rest. */
  momentum: number;
  /** 0 while parts that are frozen for a while stand still, 1 when they learn. */
  thawed?: number;
  /** Gives rejected samples another chance; absent, no clean view is computed. */
  correction?: Correction;
}

/** What an update tells of its samples, each against the label it was given. */
export interface FinetuneResult {
  metrics: StepMetrics;
  /** As the gate judges them. // [batch] */
  losses: Float32Array;
  /** KEPT, REJECTED or the label that replaced the given one. // [batch] */
  decisions: Int32Array;
}

/** A classifier with its step compiled. */
export interface Finetuner {
  /** The backbone's scope. */
  scope: Scope;
  /** The classifier's scope. */
  headScope: Scope;
  head: ClassificationLoss;
  /** What keeps corrections from running into few classes. */
  alignment: LabelAlignment;
  embeddingSize: number;
  /** The mean of the weights of both, where it is kept. */
  average?: MovingAverage;
  /** What one update runs, for a look at it without running. */
  functions(batch: Pick<Batch, 'global' | 'local'>, samples: LabelledSamples, values: StepValues): CompiledCall[];
  /**
   * One update: the mean loss of the samples that count. A sample whose loss is above the gate does not, unless the network is sure of
   * another label in the clean view, which is then trained on instead: the same crop, not augmented, or the batch's local crop where it
   * has one. The loss that is judged has no margin, and is smoothed over the epochs (see judgedLosses).
   */
  step(batch: Batch, samples: LabelledSamples, moment: FinetuneMoment): Promise<FinetuneResult>;
}

/** Builds backbone, classifier, optimizer and the compiled step; with and without correction it is traced when first needed. */
export function createFinetuner(parts: FinetuneParts): Finetuner {
  const { session, seed, classes, view, accumulate = 1 } = parts;
  const scope = createScope(session, 'network/backbone', `${seed}/backbone`);
  const headScope = createScope(session, 'network/classifier', `${seed}/classifier`);
  const network = withFrameCheck(parts.backbone(scope));
  const head = parts.loss({ scope: headScope, embeddingSize: network.embeddingSize, classes });
  const alignment = createLabelAlignment(createScope(session, 'correction', 0), classes);
  const scopes = [scope, headScope];
  const { trained, learnsWhen, forward } = freeze(scopes, parts.freeze);
  const { averageDecay, backboneRate = 1 } = parts;
  const average = averageDecay === undefined ? undefined : createMovingAverage(session, scopes, averageDecay);
  const update = createTrainingStep({
    ...{ session, name: 'finetune', optimizer: parts.optimizer, accumulate, trained, learnsWhen },
    rateFactors: new Map(scope.params().map((weight) => [weight, backboneRate])),
    afterStep: ({ step }) => average?.update(step),
    views({ crops, speed, confidence, longer = crops }) {
      const played = (wave: Tensor) => (speed ? playedAt(toFloat32(wave), speed, parts.speeds!) : wave);
      return {
        augmented: cropsToFeatures(played(crops), view, 'crops'),
        clean: confidence && cropsToFeatures(played(longer), cleanView(view), 'clean'),
      };
    },
    loss({ augmented, clean }, inputs) {
      const { labels, history, gate, momentum, margin, step, temperature, confidence } = inputs;
      // Parts of an update count steps of their own.
      const moment = { margin, step: tf.floor(tf.div(step, accumulate)) as Tensor };
      // Before the training pass, and by running statistics: as the network would be used, and leaving it as it is.
      const predicted =
        clean &&
        withoutGradient(() => {
          const { scores } = head.losses(network.embed(clean, { training: false }), labels, moment);
          return predictLabels(scores!, { temperature, confidence, alignment });
        });
      return forward(inputs, () =>
        gatedLoss(head, network.embed(augmented, { training: true }), {
          labels,
          history,
          gate,
          momentum,
          moment,
          predicted,
          alignment,
        }),
      );
    },
  });
  const inputsOf = (
    { global, local }: Pick<Batch, 'global' | 'local'>,
    { labels, history, speed }: LabelledSamples,
    correction: boolean,
  ): Inputs[] => {
    const rows = labels.length / accumulate;
    const pieces = (crops: Int16Array) =>
      microBatches(crops, 1, labels.length, accumulate).map((data) => ({
        ...{ dtype: 'int16' as const, shape: [rows, data.length / rows], data },
      }));
    const longer = correction && local ? pieces(local) : undefined;
    return pieces(global).map((crops, i) => ({
      crops,
      ...(longer && { longer: longer[i] }),
      labels: int32(labels.slice(i * rows, (i + 1) * rows)),
      history: float32(history.slice(i * rows, (i + 1) * rows)),
      ...(speed && { speed: int32(speed.slice(i * rows, (i + 1) * rows)) }),
    }));
  };

  return {
    ...{ scope, headScope, head, alignment, average, embeddingSize: network.embeddingSize },
    functions: (batch, samples, values) =>
      update.functions(inputsOf(batch, samples, values.confidence !== undefined), values),
    async step(batch, samples, { gate, correction, ...rest }) {
      checkMicroBatches(samples.labels.length, accumulate);
      // Infinity passes the graph as the largest float, which no loss exceeds.
      const values = { ...rest, gate: Math.min(gate, 3e38), ...correction };
      const outputs = await update.run(inputsOf(batch, samples, correction !== undefined), values);
      return {
        metrics: meanMetrics(outputs),
        losses: Float32Array.from(joined(outputs.map(({ losses }) => losses.data))),
        decisions: Int32Array.from(joined(outputs.map(({ decisions }) => decisions.data))),
      };
    },
  };
}

/** Crops [rows, longer] (float32) at the speeds that `index` [rows] names: [rows, samples]. */
function playedAt(crops: Tensor, index: Tensor, speeds: readonly number[]): Tensor {
  // What speedCropSamples rounded up; a bit more, for a product that ought to be whole may be a hair below.
  const samples = Math.floor(crops.shape[1]! / Math.max(...speeds) + 1e-6);
  return changeSpeed(crops, index, samples, speeds);
}

/** Mean loss over the samples that count, and what became of each. An empty gate gives 0 and no gradient, rather than 0 / 0. */
function gatedLoss(
  head: ClassificationLoss,
  embeddings: Tensor,
  given: {
    labels: Tensor;
    history: Tensor;
    gate: Tensor;
    momentum: Tensor;
    moment: LossMoment;
    predicted?: Predicted;
    alignment: LabelAlignment;
  },
) {
  const { labels, gate, predicted, moment } = given;
  const { losses, plain = losses, scores } = head.losses(embeddings, labels, moment);
  const judged = judgedLosses(stopGradient(plain), given);
  const kept = tf.lessEqual(judged, gate);
  if (predicted) given.alignment.note(predicted.probabilities, tf.logicalNot(kept));
  const corrected = predicted ? tf.logicalAnd(tf.logicalNot(kept), predicted.confident) : tf.zerosLike(kept);
  const targets = predicted ? tf.where(corrected, predicted.labels, labels) : labels;
  const counted = tf.cast(tf.logicalOr(kept, corrected), 'float32');
  const shown = predicted ? head.losses(embeddings, targets, moment).losses : losses;
  const share = (which: Tensor) => tf.mean(tf.cast(which, 'float32')) as Tensor;
  return {
    loss: tf.div(tf.sum(tf.mul(shown, counted)), tf.maximum(tf.sum(counted), 1)) as Tensor,
    aux: {
      losses: judged,
      decisions: decisionsOf(kept, corrected, targets),
      kept: share(kept),
      ...(predicted && { corrected: share(corrected) }),
      ...(scores && { accuracy: share(tf.equal(tf.argMax(scores, 1), labels)) }),
    },
  };
}

/** Below every loss that says anything: what is judged is its logarithm. */
const LEAST_LOSS = 1e-12;

/**
 * Losses as they are judged: the running geometric mean over the epochs, for the loss of one augmented crop says little about a label.
 * `history` is what was judged last, NaN for none; a momentum of 0 judges the loss of now. // [batch]
 */
function judgedLosses(losses: Tensor, { history, momentum }: { history: Tensor; momentum: Tensor }): Tensor {
  const log = (x: Tensor) => tf.log(tf.maximum(x, LEAST_LOSS));
  const smoothed = tf.exp(tf.add(tf.mul(log(history), momentum), tf.mul(log(losses), tf.sub(1, momentum))));
  const usable = tf.logicalAnd(tf.logicalNot(tf.isNaN(history)), tf.greater(momentum, 0));
  return tf.where(usable, smoothed, losses);
}

const joined = (parts: HostData[]): number[] => parts.flatMap((part) => Array.from(part, Number));
