import type { Batch } from '../data/loader.js';
import { stopGradient, withoutGradient } from '../engine/autodiff.js';
import type { Inputs } from '../engine/compile.js';
import { type HostData, int32 } from '../engine/host-tensor.js';
import type { Session } from '../engine/session.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import type { ClassificationLoss } from './classification-loss.js';
import { type CropView, cropsToFeatures } from './crop-features.js';
import { withFrameCheck } from './frame-check.js';
import { type Correction, decisionsOf, predictLabels } from './label-correction.js';
import { checkMicroBatches, microBatches } from './micro-batches.js';
import { meanMetrics, type StepMetrics } from './step-metrics.js';
import { type CompiledCall, createTrainingStep, type StepValues } from './training-step.js';

/** What a classification step is made of. */
export interface FinetuneParts {
  session: Session;
  seed: number;
  classes: number;
  backbone(scope: Scope): Backbone;
  loss(context: { scope: Scope; embeddingSize: number; classes: number }): ClassificationLoss;
  view: CropView;
  optimizer: OptimizerOptions;
  /** Micro-batches in an update. Default 1. */
  accumulate?: number;
}

/** What varies from update to update. */
export interface FinetuneMoment {
  step: number;
  rate: number;
  /** The largest loss that is kept; Infinity keeps all. */
  gate: number;
  /** Gives rejected samples another chance; absent, no clean view is computed. */
  correction?: Correction;
}

/** What an update tells of its samples, each against the label it was given. */
export interface FinetuneResult {
  metrics: StepMetrics;
  /** [batch] */
  losses: Float32Array;
  /** KEPT, REJECTED or the label that replaced the given one. // [batch] */
  decisions: Int32Array;
}

/** A classifier with its step compiled. */
export interface Finetuner {
  /** The backbone's scope. */
  scope: Scope;
  head: ClassificationLoss;
  /** What one update runs, for a look at it without running. */
  functions(batch: Pick<Batch, 'global'>, labels: Int32Array, values: StepValues): CompiledCall[];
  /**
   * One update on `labels` [batch]: the mean loss of the samples that count. A sample whose loss is above the gate does not, unless
   * the network is sure of another label in the clean view (the same crop, not augmented), which is then trained on instead.
   */
  step(batch: Batch, labels: Int32Array, moment: FinetuneMoment): Promise<FinetuneResult>;
}

/** Builds backbone, classifier, optimizer and the compiled step; with and without correction it is traced when first needed. */
export function createFinetuner(parts: FinetuneParts): Finetuner {
  const { session, seed, classes, view, accumulate = 1 } = parts;
  const scope = createScope(session, 'network/backbone', `${seed}/backbone`);
  const headScope = createScope(session, 'network/classifier', `${seed}/classifier`);
  const network = withFrameCheck(parts.backbone(scope));
  const head = parts.loss({ scope: headScope, embeddingSize: network.embeddingSize, classes });
  const update = createTrainingStep({
    ...{ session, name: 'finetune', optimizer: parts.optimizer, accumulate },
    trained: [...scope.params(), ...headScope.params()],
    views: ({ crops, confidence }) => ({
      augmented: cropsToFeatures(crops, view, 'crops'),
      clean: confidence && cropsToFeatures(crops, { ...view, augmentations: [] }, 'clean'),
    }),
    loss({ augmented, clean }, { labels, gate, temperature, confidence }) {
      // Before the training pass, and by running statistics: as the network would be used, and leaving it as it is.
      const predicted =
        clean &&
        withoutGradient(() => {
          const { scores } = head.losses(network.embed(clean, { training: false }), labels);
          return predictLabels(scores, { temperature, confidence });
        });
      return gatedLoss(head, network.embed(augmented, { training: true }), { labels, gate, predicted });
    },
  });
  const inputsOf = (crops: Int16Array, labels: Int32Array): Inputs[] => {
    const rows = labels.length / accumulate;
    return microBatches(crops, 1, labels.length, accumulate).map((data, i) => ({
      crops: { dtype: 'int16', shape: [rows, data.length / rows], data },
      labels: int32(labels.slice(i * rows, (i + 1) * rows)),
    }));
  };

  return {
    scope,
    head,
    functions: ({ global }, labels, values) => update.functions(inputsOf(global, labels), values),
    async step({ global }, labels, { step, rate, gate, correction }) {
      checkMicroBatches(labels.length, accumulate);
      // Infinity passes the graph as the largest float, which no loss exceeds.
      const values = { gate: Math.min(gate, 3e38), rate, step, ...correction };
      const outputs = await update.run(inputsOf(global, labels), values);
      return {
        metrics: meanMetrics(outputs),
        losses: Float32Array.from(joined(outputs.map(({ losses }) => losses.data))),
        decisions: Int32Array.from(joined(outputs.map(({ decisions }) => decisions.data))),
      };
    },
  };
}

/** Mean loss over the samples that count, and what became of each. An empty gate gives 0 and no gradient, rather than 0 / 0. */
function gatedLoss(
  head: ClassificationLoss,
  embeddings: Tensor,
  given: { labels: Tensor; gate: Tensor; predicted?: { labels: Tensor; confident: Tensor } },
) {
  const { labels, gate, predicted } = given;
  const { losses, scores } = head.losses(embeddings, labels);
  const kept = tf.lessEqual(stopGradient(losses), gate);
  const corrected = predicted ? tf.logicalAnd(tf.logicalNot(kept), predicted.confident) : tf.zerosLike(kept);
  const targets = predicted ? tf.where(corrected, predicted.labels, labels) : labels;
  const counted = tf.cast(tf.logicalOr(kept, corrected), 'float32');
  const shown = predicted ? head.losses(embeddings, targets).losses : losses;
  const share = (which: Tensor) => tf.mean(tf.cast(which, 'float32')) as Tensor;
  return {
    loss: tf.div(tf.sum(tf.mul(shown, counted)), tf.maximum(tf.sum(counted), 1)) as Tensor,
    aux: {
      losses,
      decisions: decisionsOf(kept, corrected, targets),
      kept: share(kept),
      ...(predicted && { corrected: share(corrected) }),
      accuracy: share(tf.equal(tf.argMax(scores, 1), labels)),
    },
  };
}

const joined = (parts: HostData[]): number[] => parts.flatMap((part) => Array.from(part, Number));
