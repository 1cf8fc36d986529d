import type { Batch } from '../../data/crops/loader.js';
import { stopGradient } from '../../engine/autodiff.js';
import type { Inputs } from '../../engine/session/compile.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { int32 } from '../../host-tensor.js';
import { createScope, type Scope } from '../../nn/scope.js';
import type { Averaging } from '../averaging/averaging.js';
import { TARGET } from '../objectives/beside.js';
import { type BesideSamples, besideInputs } from '../objectives/samples.js';
import { type DomainParts, trainedDomains } from '../objectives/trained-domains.js';
import type { TrainedBits } from '../quantize/trained-bits.js';
import { cropsToFeatures, playedAt } from '../step/crop-features.js';
import { batchCut, checkMicroBatches, cutValues, microBatchTensors } from '../step/micro-batches.js';
import { createUpdate, type TrainerParts } from '../step/trainer.js';
import { type CompiledCall, meanMetrics, type StepMetrics, type StepValues } from '../step/training-step.js';
import type { Combination, Level } from './level.js';
import { type StoredTeacher, storedInputs, storedViews } from './stored-teachers.js';
import {
  buildTeachers,
  type ClassifierParts,
  heardBy,
  hearTeachers,
  type Teacher,
  type TeacherParts,
  type TeacherViews,
} from './teachers.js';
import { createTotalLoss } from './total-loss.js';

/** The parts of a distillation step; the average is that of the student and its classifier. */
export interface DistillParts extends TrainerParts, DomainParts {
  /** Utterances in a batch. */
  batchSize: number;
  teachers: readonly TeacherParts[];
  levels: readonly Level[];
  combine: Combination;
  /** The crop without augmentation, or the very features that the student sees. */
  teacherHears: 'clean' | 'same';
  /** The student's classifier, where it learns from labels or from class scores; `weight` 0: from scores alone. */
  classifier?: ClassifierParts & { weight: number };
  /** Teachers whose outputs are fed instead of computed; `teachers` are none then. */
  stored?: readonly StoredTeacher[];
  /** Speeds at which crops are played; they are longer then, see speedCropSamples. Default: as they are. */
  speeds?: readonly number[];
}

/** What is known of a batch's utterances beside their crops. */
export interface DistillSamples {
  /** Where there is a classifier. // [batch] */
  labels?: Int32Array;
  /** Index of the speed that each is played at, where there are several. // [batch] */
  speed?: Int32Array;
  /** Stored outputs, an array for each teacher. // [batch, its layers' numbers] each */
  outputs?: readonly Float32Array[];
  /** What the objectives learn from. */
  beside?: BesideSamples;
}

/** A student and its teachers, with the step compiled. */
export interface Distiller {
  /** The student's scope. */
  scope: Scope;
  /** The scope of the student's classifier; empty where there is none. */
  headScope: Scope;
  /** The batch normalisations of the target, where it has its own; named as the student's. */
  normScope: Scope;
  /** Where the student is trained in a few bits. */
  bits?: TrainedBits;
  teachers: readonly Pick<Teacher, 'scope' | 'headScope'>[];
  embeddingSize: number;
  average: Averaging;
  /** Names of the variables that are frozen for good. */
  frozen: readonly string[];
  /** The compiled calls of one update, to predict its memory. */
  functions(batch: Pick<Batch, 'global'>, samples: DistillSamples, values: StepValues): CompiledCall[];
  /** One update of the student; `margin` is the share of its margin that the classification loss has. */
  step(
    batch: Pick<Batch, 'global'>,
    samples: DistillSamples,
    values: { step: number; rate: number; margin: number; progress?: number },
  ): Promise<StepMetrics>;
}

/** The student's features [batch, frames, bins], and what the teachers make of the same crops. */
interface DistillViews {
  features: Tensor;
  target?: Tensor;
  teachers: TeacherViews;
}

/** Builds the student, its teachers, their comparison and the compiled step. */
export function createDistiller(parts: DistillParts): Distiller {
  const { session, seed, accumulate = 1, view, batchSize, classifier } = parts;
  checkMicroBatches(batchSize, accumulate, session.workers);
  const scope = createScope(session, 'network/backbone', `${seed}/backbone`);
  const headScope = createScope(session, 'network/classifier', `${seed}/classifier`);
  const levelScope = createScope(session, 'projection', `${seed}/projection`);
  const { network: student, bits, normScope, beside, frozen: frozenOf } = trainedDomains(parts, scope);
  const { embeddingSize } = student;
  const head = classifier?.loss({ scope: headScope, embeddingSize, classes: classifier.classes });
  const teachers = buildTeachers(session, parts.teachers);
  const lossOf = createTotalLoss(levelScope, parts, head && { head, weight: classifier!.weight });
  const { trained, learnsWhen, frozen, forward } = frozenOf([headScope, levelScope]);
  const { update, average } = createUpdate<DistillViews>(parts, {
    name: 'distill',
    trained,
    learnsWhen,
    averaged: [scope, headScope, normScope],
    bits,
    views: (inputs) => viewsOf(parts, teachers, inputs),
    loss: ({ features, target, teachers }, inputs) =>
      forward(inputs, () => {
        const { labels, margin, step } = inputs;
        const ran = beside.run(features, target);
        // Micro-batches count steps of their own.
        const schedule = { margin, step: tf.floor(tf.div(step, accumulate)) as Tensor };
        const heard = heardBy('the student', view.features, features, ran.own);
        const result = lossOf(heard, teachers, { labels, schedule });
        // Every sample counts; without labels there is nothing to keep.
        if (classifier?.weight) head!.note?.(stopGradient(ran.own.get('embedding')!), labels, tf.ones([labels.size]));
        return beside.add(result, ran, inputs);
      }),
  });
  const inputsOf = (batch: Pick<Batch, 'global'>, samples: DistillSamples) => pieces(parts, batch, samples);
  return {
    scope,
    headScope,
    normScope,
    bits,
    teachers,
    embeddingSize,
    average,
    frozen,
    functions: (batch, samples, values) => update.functions(inputsOf(batch, samples), values),
    step: async (batch, samples, values) => meanMetrics(await update.run(inputsOf(batch, samples), values)),
  };
}

/** Inputs of each micro-batch. */
function pieces(
  { session, batchSize, accumulate = 1, view, stored }: DistillParts,
  { global }: Pick<Batch, 'global'>,
  { labels, speed, outputs, beside }: DistillSamples,
): Inputs[] {
  const cut = batchCut(accumulate, session.workers);
  const rows = batchSize / cut.count;
  const [labelsOf, speedOf] = [labels, speed].map((values) => values && cutValues(values, cut));
  const parts = { crops: 1, batchSize, cut, bins: view.features.bins };
  const others = besideInputs(beside, parts);
  return microBatchTensors(global, parts).map((crops, i) => ({
    crops,
    ...others[i],
    ...(labelsOf && { labels: int32(labelsOf[i]) }),
    ...(speedOf && { speed: int32(speedOf[i]) }),
    ...(stored && outputs && storedInputs(stored, outputs, { rows, from: cut.own[i] * rows })),
  }));
}

/** Both views of the same samples: augmented for the student, and, unless it shall hear the same, clean for its teachers; or what is stored. */
function viewsOf(
  { view, teacherHears, speeds, stored }: DistillParts,
  teachers: readonly Teacher[],
  inputs: Record<string, Tensor>,
): DistillViews {
  const crops = inputs.speed ? playedAt(inputs.crops, inputs.speed, speeds!) : inputs.crops;
  const features = cropsToFeatures(crops, view, 'crops');
  const target = inputs[TARGET] && cropsToFeatures(inputs[TARGET], view, TARGET);
  if (stored) return { features, target, teachers: { heard: storedViews(stored, inputs) } };
  const same = teacherHears === 'same' ? features : undefined;
  return { features, target, teachers: hearTeachers(teachers, { crops, same }, view) };
}
