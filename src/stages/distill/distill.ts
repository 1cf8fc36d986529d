import type { CropPlan } from '../../data/crops/crops.js';
import { labelled } from '../../data/crops/sampler.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import type { SketchContext, StageContext, TrainingSketch } from '../../plugin/stage.js';
import { silentCrops } from '../../train/check-memory.js';
import { marginShare } from '../../train/classifier/margin-schedule.js';
import { createDistiller, type Distiller, type DistillParts } from '../../train/distill/distiller.js';
import { rowSize, type StoredTeacher } from '../../train/distill/stored-teachers.js';
import type { ClassifierParts } from '../../train/distill/teachers.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { countClasses } from '../finetune/classes.js';
import { openStart, type Start, sketchStart } from '../finetune/network.js';
import { batchPlan, labelledBatch } from '../finetune/sampling.js';
import { type OpenObjectives, openObjectives, sketchObjectives } from '../objectives/open-objectives.js';
import { progressOf } from '../objectives/progress.js';
import { startNorms } from '../objectives/write-networks.js';
import { plannedClasses } from '../training/planned-classes.js';
import { backboneBuilder, cropView, type Preparation } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { type CropTraining, trainOnCrops } from '../training/train-on-crops.js';
import { convertibleOptions } from '../training/training-options.js';
import { distillFaults } from './faults.js';
import {
  checkFeatures,
  classifierParts,
  comparesScores,
  layersOf,
  loadTeachers,
  type OpenTeacher,
  openTeachers,
  parametersOf,
  resolveLevels,
  sketchStoredTeachers,
  sketchTeachers,
} from './networks.js';
import { type DistillOptions, distillOptions } from './options.js';
import { distillResult } from './result.js';
import { sharedSpace } from './space.js';
import { openStored } from './stored.js';
import { writeStudent } from './write-student.js';

/** Trains a network to give what larger ones give, on any of their levels, with or without labels. */
export default defineStage({
  name: 'distill',
  summary: 'Trains a student on what its teachers give for the same audio, layer by layer, with or without labels.',
  options: distillOptions,
  result: distillResult,
  produces: 'model',
  convertible: convertibleOptions,
  check: distillFaults,
  sketch: sketchDistill,
  async run(context, options) {
    const compute = await computeType(context.device, options.compute, context.threads);
    return withSession({ ...context, name: 'distill', compute }, (session) => distill(session, context, options));
  },
});

/** The training before its data: teachers and student, and the labels that there will be. */
export async function sketchDistill(context: SketchContext, options: DistillOptions): Promise<TrainingSketch> {
  const stored = sketchStored(context, options.corpus);
  const { features: otherwise } = await sketchInit(context, options.teachers[0]);
  const start = { ...options, classifier: 'new' as const };
  const { features, backbone } = await sketchStart(context, start, { stored, otherwise });
  const scored = await comparesScores(context.registry, options);
  const planned = plannedClasses(context, options.clusters);
  const head =
    scored || options.clusters !== undefined
      ? await classifierParts(context.registry, options.loss, planned.classes * options.speeds.length)
      : undefined;
  const teachers = await sketchTeachers(context, options, scored ? head : undefined);
  return {
    ...options,
    features,
    backbone,
    assumed: head ? planned.assumed : [],
    async build(session, settings) {
      const all = { ...options, ...settings };
      const backbone = await backboneBuilder(context.registry, settings.backbone, features.bins);
      const outputs = sketchStoredTeachers(options, teachers);
      const { plan } = await planBatches(context, all, { features, stored });
      const objectives = await sketchObjectives(context, all, { features, plan, batchSize: settings.batchSize });
      const parts = { features, backbone, teachers, head, outputs, objectives: objectives.parts };
      const distiller = await prepare(session, context, all, parts);
      return callsOf(distiller, plan, all, { classified: head !== undefined, outputs, objectives })(
        settings.batchSize,
      );
    },
  };
}

/** Trains the student; its origin is its teachers', or what `origin` says. */
export async function distill(session: Session, context: StageContext, options: DistillOptions, origin?: string) {
  const { train } = openTraining(context.artifact(options.corpus));
  const stored = train.features;
  const scored = await comparesScores(context.registry, options);
  const teachers = await openTeachers(context, options, scored);
  const start = await openStudent(context, options, teachers, stored);
  const { labels, classes } = readClasses(context, options, teachers, train.ids.length);
  const head = classes && (await classifierParts(context.registry, options.loss, classes.speakers * classes.speeds));
  const named = teachers.map((teacher, i) => ({ name: options.teachers[i], teacher }));
  const outputs = openStored(context, options, named, train);
  const { features, backbone } = start;
  const { plan, rule, run } = await planBatches(context, options, { features, stored });
  const objectives = await openObjectives(context, options, { ...options, train, features, plan });
  const distiller = await prepare(session, context, options, {
    features,
    backbone,
    teachers: teachers.map(({ parts }) => parts),
    head,
    outputs: outputs?.teachers,
    objectives: objectives.parts,
  });
  await start.load(session, distiller);
  await startNorms(session, distiller);
  await distiller.bits?.start();
  if (!outputs) await loadTeachers(session, teachers, distiller);
  const known = labels ?? new Int32Array(train.ids.length);
  const training: CropTraining = {
    network: start.info.backbone.name,
    shards: train,
    plan,
    subset: labels && labelled(labels),
    rule: rule(known, train.samples),
    calls: callsOf(distiller, plan, options, {
      classified: head !== undefined,
      outputs: outputs?.teachers,
      objectives,
    }),
    average: distiller.average,
    states: [],
    async step(batch, { step, steps, epoch }, rate) {
      const speakers = classes?.speakers ?? 1;
      const samples = labelledBatch(batch, known, { speakers, speeds: options.speeds, seed: context.seed, run });
      const margin = marginShare(options.margin, epoch);
      const heard = head ? samples : { speed: samples.speed };
      const { beside, release } = await objectives.samples(batch);
      const metrics = await distiller.step(
        batch,
        { ...heard, outputs: outputs?.read(batch.utterances), beside },
        { step, rate, margin, ...progressOf(objectives, step / steps) },
      );
      release();
      return metrics;
    },
  };
  const { steps } = await trainOnCrops(session, context, options, training).finally(objectives.close);
  const averaged = await distiller.average.result(steps);
  const networks = await writeStudent(session, context.dir, {
    distiller,
    options,
    start,
    teachers,
    classes,
    averaged: averaged?.weights,
    origin,
    space: await sharedSpace(context.registry, options, teachers, distiller.embeddingSize),
  });
  return {
    networks,
    steps,
    parameters: parametersOf(start.backbone),
    teacherParameters: teachers.reduce((sum, { parts }) => sum + parametersOf(parts.backbone), 0),
    embeddingSize: distiller.embeddingSize,
    classes: head?.classes ?? null,
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
  };
}

/** The student's start; from scratch its features are the first teacher's, unless the recipe or the corpus says otherwise. */
async function openStudent(
  context: StageContext,
  options: DistillOptions,
  teachers: readonly OpenTeacher[],
  stored: DistillParts['view']['features'] | undefined,
): Promise<Start> {
  const parts = teachers.map((teacher) => teacher.parts);
  const choice = { ...options, classifier: 'new' as const };
  const start = await openStart(context, choice, { stored, otherwise: parts[0].features });
  if (stored) {
    checkSameFeatures(stored, start.features);
    await refuseWaveChanges(context.registry, options);
  }
  checkFeatures(options, start.features, parts, stored);
  return start;
}

/** Labels, where there are, and the classes of the student's classifier: the teachers' where their scores are compared. */
function readClasses(
  context: StageContext,
  options: DistillOptions,
  [{ classifier }]: readonly OpenTeacher[],
  utterances: number,
): { labels?: Int32Array; classes?: { speakers: number; speeds: number } } {
  const { clusters, speeds } = options;
  if (clusters === undefined) return { classes: classifier?.info };
  const labels = readLabels(context.artifact(clusters), utterances);
  return {
    labels,
    classes: countClasses(labels, { clusters, speeds }, classifier, 'compare vectors, not class scores'),
  };
}

/** What the student's batches are. */
async function planBatches(
  { registry }: Pick<Preparation, 'registry'>,
  options: DistillOptions,
  { features, stored }: Pick<Start, 'features'> & Pick<CropPlan, 'stored'>,
) {
  const loss = await registry.load('loss', options.loss.name);
  const utterancesPerSpeaker =
    options.clusters === undefined ? undefined : loss.batch?.(options.loss.options).utterancesPerSpeaker;
  return batchPlan(options, { sampleRateHz: features.sampleRateHz, utterancesPerSpeaker, stored });
}

/** The student with its step. */
async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  options: DistillOptions,
  {
    features,
    backbone,
    teachers,
    head,
    outputs,
    objectives,
  }: Pick<DistillParts, 'backbone' | 'teachers' | 'objectives'> &
    Pick<Start, 'features'> & { head?: ClassifierParts; outputs?: readonly StoredTeacher[] },
) {
  const {
    clusters,
    optimizer,
    accumulate,
    batchSize,
    speeds,
    average,
    quantize,
    teacherHears,
    combine = 'concatenate',
  } = options;
  return createDistiller({
    session,
    seed,
    batchSize,
    backbone,
    teachers: outputs ? [] : teachers,
    stored: outputs,
    teacherHears,
    combine,
    levels: await resolveLevels(registry, options, backbone, layersOf(teachers, outputs)),
    classifier: head && { ...head, weight: clusters === undefined ? 0 : (options.labelWeight ?? 1) },
    optimizer,
    accumulate,
    speeds,
    average,
    quantize,
    objectives,
    ownNorms: options.domainNorms,
    adaptersOnly: options.adapters !== undefined,
    view: await cropView({ registry, artifact }, { ...options, features }),
  });
}

/** The compiled calls of an update, on silence. */
const callsOf =
  (
    { functions }: Distiller,
    plan: CropPlan,
    { speeds }: DistillOptions,
    {
      classified,
      outputs,
      objectives,
    }: {
      classified: boolean;
      outputs?: readonly StoredTeacher[];
      objectives: Pick<OpenObjectives, 'parts' | 'silent'>;
    },
  ) =>
  (batchSize: number) => {
    const zeros = new Int32Array(batchSize);
    const samples = {
      ...(classified && { labels: zeros }),
      ...(speeds.length > 1 && { speed: zeros }),
      outputs: outputs?.map((teacher) => new Float32Array(batchSize * rowSize(teacher))),
      beside: objectives.silent(batchSize),
    };
    const values = { step: 0, rate: 0, margin: 1, ...progressOf(objectives, 0) };
    return functions(silentCrops(plan, batchSize), samples, values);
  };
