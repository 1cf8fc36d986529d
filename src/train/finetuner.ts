import type { Batch } from '../data/crops/loader.js';
import { withoutGradient } from '../engine/autodiff.js';
import type { Inputs } from '../engine/session/compile.js';
import { type Tensor, tf } from '../engine/tf.js';
import { float32, type HostData, int32 } from '../host-tensor.js';
import { createScope, type Scope } from '../nn/scope.js';
import type { Averaging } from './averaging/averaging.js';
import type { ClassificationLoss } from './classifier/classification-loss.js';
import { type ClassifierParts, heardBy } from './distill/teachers.js';
import { createGatedLoss, type GateSetting, type Judged } from './gate/gated-loss.js';
import { createLabelAlignment, type LabelAlignment } from './gate/label-alignment.js';
import { TARGET } from './objectives/beside.js';
import { type BesideSamples, besideInputs } from './objectives/samples.js';
import { type DomainParts, trainedDomains } from './objectives/trained-domains.js';
import type { TrainedBits } from './quantize/trained-bits.js';
import { createSelfTeacher, type SelfTeacherParts } from './self-teacher/self-teacher.js';
import { cleanView, cropsToFeatures, playedAt } from './step/crop-features.js';
import { type BatchCut, batchCut, checkMicroBatches, cutValues, microBatchTensors } from './step/micro-batches.js';
import { createUpdate, type TrainerParts } from './step/trainer.js';
import { type CompiledCall, meanMetrics, type StepMetrics, type StepValues } from './step/training-step.js';

/** The parts of a classification step; the average is that of network and classifier. */
export interface FinetuneParts extends TrainerParts, DomainParts, ClassifierParts {
  /** Losses that a gate judges. Default: those without margin. */
  gateJudges?: Judged;
  /** A self-teacher that is trained beside the network. Default: none. */
  selfTeacher?: SelfTeacherParts;
  /** Speeds at which crops are played; they are longer then, see speedCropSamples. Default: as they are. */
  speeds?: readonly number[];
  /** Factor on the backbone's learning rate. Default 1. */
  backboneRate?: number;
}

/** Labels of a batch, and the earlier losses of its samples. */
export interface LabelledSamples {
  /** [batch] */
  labels: Int32Array;
  /** Index of the speed that each is played at, where there are several. // [batch] */
  speed?: Int32Array;
  /** Loss of each as the gate last judged it, NaN for none. // [batch] */
  history: Float32Array;
  /** What the objectives learn from. */
  beside?: BesideSamples;
}

/** Values that change from update to update. */
export interface FinetuneValues extends GateSetting {
  step: number;
  rate: number;
  /** Share of its margin that the loss has, 0 to 1. */
  margin: number;
  /** 0 while parts are frozen for a time, 1 when they learn. */
  thawed?: number;
  /** Share of the run that is done; where there are objectives. */
  progress?: number;
}

/** The outcome of an update: for each sample, against the label it was given. */
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
  /** The batch normalisations of the target, where it has its own; named as the network's. */
  normScope: Scope;
  /** Where the network is trained in a few bits. */
  bits?: TrainedBits;
  head: ClassificationLoss;
  /** Keeps corrections from running into a few classes. */
  alignment: LabelAlignment;
  embeddingSize: number;
  average: Averaging;
  /** Names of the variables that are frozen for good. */
  frozen: readonly string[];
  /** The compiled calls of one update, to predict its memory. */
  functions(batch: Pick<Batch, 'global' | 'local'>, samples: LabelledSamples, values: StepValues): CompiledCall[];
  /**
   * One update on the mean loss of the samples that count. A sample whose loss is above the gate does not count, unless the network is
   * confident of another label in the clean view, which is then trained on instead: the same crop, not augmented, or the batch's local
   * crop where it has one. The gate judges losses smoothed over the epochs (see gate/gated-loss.ts).
   */
  step(batch: Batch, samples: LabelledSamples, values: FinetuneValues): Promise<FinetuneResult>;
}

/** Features of the crops, of the views that labels are corrected by, and of the target. // [rows, frames, bins] each */
interface FinetuneViews {
  augmented: Tensor;
  clean?: Tensor;
  target?: Tensor;
}

/** Builds backbone, classifier, optimizer and the compiled step; with and without correction it is traced when first needed. */
export function createFinetuner(parts: FinetuneParts): Finetuner {
  const { session, seed, classes, view, accumulate = 1, backboneRate = 1, gateJudges = 'without-margin' } = parts;
  const scope = createScope(session, 'network/backbone', `${seed}/backbone`);
  const headScope = createScope(session, 'network/classifier', `${seed}/classifier`);
  const { network, bits, normScope, beside, frozen: frozenOf } = trainedDomains(parts, scope);
  const { embeddingSize } = network;
  const head = parts.loss({ scope: headScope, embeddingSize, classes });
  const alignment = createLabelAlignment(createScope(session, 'correction', 0), classes);
  const gated = createGatedLoss(head, alignment, gateJudges);
  const selfTeacher = parts.selfTeacher && createSelfTeacher(parts, parts.selfTeacher, { ...parts, embeddingSize });
  const { trained, learnsWhen, frozen, forward } = frozenOf([headScope].concat(selfTeacher?.scope ?? []));
  const { update, average } = createUpdate<FinetuneViews>(parts, {
    name: 'finetune',
    trained,
    learnsWhen,
    averaged: [scope, headScope, normScope],
    bits,
    rateFactors: new Map(scope.params().map((weight) => [weight, backboneRate])),
    views: (inputs) => viewsOf(parts, inputs),
    loss({ augmented, clean, target }, inputs) {
      // Micro-batches count steps of their own.
      const schedule = { margin: inputs.margin, step: tf.floor(tf.div(inputs.step, accumulate)) as Tensor };
      // Before the training pass, and by running statistics: as the network would be used, and without changing it.
      const predicted =
        clean && withoutGradient(() => gated.predict(network.embed(clean, { training: false }), inputs, schedule));
      return forward(inputs, () => {
        const ran = beside.run(augmented, target);
        const own = gated.loss(ran.own.get('embedding')!, inputs, schedule, predicted);
        const heard = heardBy('the network', view.features, augmented, ran.own);
        return beside.add(selfTeacher?.add(own, heard, schedule) ?? own, ran, inputs);
      });
    },
  });
  const feed = { cut: batchCut(accumulate, session.workers), bins: view.features.bins };
  return {
    scope,
    headScope,
    normScope,
    bits,
    head,
    alignment,
    average,
    frozen,
    embeddingSize,
    functions: (batch, samples, values) =>
      update.functions(inputsOf(batch, samples, feed, values.confidence !== undefined), values),
    async step(batch, samples, { gate, correction, ...rest }) {
      checkMicroBatches(samples.labels.length, accumulate, session.workers);
      // Infinity enters the graph as the largest float, which no loss exceeds.
      const values = { ...rest, gate: Math.min(gate, 3e38), ...correction };
      const inputs = inputsOf(batch, samples, feed, correction !== undefined);
      const outputs = await update.run(inputs, values);
      return {
        metrics: meanMetrics(outputs),
        losses: Float32Array.from(joined(outputs.map(({ losses }) => losses.data))),
        decisions: Int32Array.from(joined(outputs.map(({ decisions }) => decisions.data))),
      };
    },
  };
}

function viewsOf({ view, speeds }: FinetuneParts, inputs: Record<string, Tensor>): FinetuneViews {
  const { crops, speed, confidence, longer = crops, [TARGET]: target } = inputs;
  const played = (wave: Tensor) => (speed ? playedAt(wave, speed, speeds!) : wave);
  return {
    augmented: cropsToFeatures(played(crops), view, 'crops'),
    clean: confidence && cropsToFeatures(played(longer), cleanView(view), 'clean'),
    target: target && cropsToFeatures(target, view, TARGET),
  };
}

/** The inputs of each micro-batch; local crops are the longer clean views, fed only where labels are corrected. */
function inputsOf(
  { global, local }: Pick<Batch, 'global' | 'local'>,
  { labels, history, speed, beside }: LabelledSamples,
  { cut, bins }: { cut: BatchCut; bins: number },
  corrects: boolean,
): Inputs[] {
  const parts = { crops: 1, batchSize: labels.length, cut, bins };
  const [labelsOf, historyOf] = [cutValues(labels, cut), cutValues(history, cut)];
  const speedOf = speed && cutValues(speed, cut);
  const longer = corrects && local ? microBatchTensors(local, parts) : undefined;
  const others = besideInputs(beside, parts);
  return microBatchTensors(global, parts).map((crops, i) => ({
    crops,
    ...others[i],
    ...(longer && { longer: longer[i] }),
    labels: int32(labelsOf[i]),
    history: float32(historyOf[i]),
    ...(speedOf && { speed: int32(speedOf[i]) }),
  }));
}

const joined = (parts: HostData[]): number[] => parts.flatMap((part) => Array.from(part, Number));
