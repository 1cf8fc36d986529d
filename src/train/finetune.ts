import type { Batch } from '../data/loader.js';
import { stopGradient } from '../engine/autodiff.js';
import type { Inputs } from '../engine/compile.js';
import { int32 } from '../engine/host-tensor.js';
import type { Session } from '../engine/session.js';
import { tf } from '../engine/tf.js';
import type { Backbone } from '../nn/backbone.js';
import { createScope, type Scope } from '../nn/scope.js';
import type { OptimizerOptions } from '../optim/optimizer.js';
import type { ClassificationLoss } from './classification-loss.js';
import { type CropView, cropsToFeatures } from './crop-features.js';
import { withFrameCheck } from './frame-check.js';
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

/** A classifier with its step compiled. */
export interface Finetuner {
  /** The backbone's scope. */
  scope: Scope;
  head: ClassificationLoss;
  /** What one update runs, for a look at it without running. */
  functions(batch: Pick<Batch, 'global'>, labels: Int32Array, values: StepValues): CompiledCall[];
  /**
   * One update on `labels` [batch]. Samples whose loss is above `gate` do not count; all losses [batch] are returned.
   */
  step(
    batch: Batch,
    labels: Int32Array,
    step: number,
    rate: number,
    gate: number,
  ): Promise<[StepMetrics, Float32Array]>;
}

/** Builds backbone, classifier, optimizer and the compiled step. */
export function createFinetuner(parts: FinetuneParts): Finetuner {
  const { session, seed, classes, view, accumulate = 1 } = parts;
  const scope = createScope(session, 'network/backbone', `${seed}/backbone`);
  const headScope = createScope(session, 'network/classifier', `${seed}/classifier`);
  const network = withFrameCheck(parts.backbone(scope));
  const head = parts.loss({ scope: headScope, embeddingSize: network.embeddingSize, classes });
  const trained = [...scope.params(), ...headScope.params()];
  const update = createTrainingStep({
    ...{ session, name: 'finetune', trained, optimizer: parts.optimizer, accumulate },
    views: ({ crops }) => cropsToFeatures(crops, view, 'crops'),
    loss(views, { labels, gate }) {
      const { losses, scores } = head.losses(network.embed(views, { training: true }), labels);
      const kept = tf.cast(tf.lessEqual(stopGradient(losses), gate), 'float32');
      const correct = tf.cast(tf.equal(tf.argMax(scores, 1), labels), 'float32');
      // An empty gate gives a loss of 0 and no gradient, rather than 0 / 0.
      const loss = tf.div(tf.sum(tf.mul(losses, kept)), tf.maximum(tf.sum(kept), 1));
      return { loss, aux: { losses, kept: tf.mean(kept), accuracy: tf.mean(correct) } };
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
    async step({ global }, labels, step, rate, gate) {
      checkMicroBatches(labels.length, accumulate);
      // Infinity passes the graph as the largest float, which no loss exceeds.
      const limit = Math.min(gate, 3e38);
      const outputs = await update.run(inputsOf(global, labels), { gate: limit, rate, step });
      return [
        meanMetrics(outputs),
        Float32Array.from(outputs.flatMap(({ losses }) => [...(losses.data as Float32Array)])),
      ];
    },
  };
}
