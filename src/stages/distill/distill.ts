import { sourceStamp } from '../../data/corpus/source-stamp.js';
import { labelled } from '../../data/crops/sampler.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import type { SketchContext, StageContext, TrainingSketch } from '../../plugin/stage.js';
import type { DistillParts } from '../../train/distill/distiller.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { countClasses } from '../finetune/classes.js';
import { openStart, type Start, sketchStart } from '../finetune/network.js';
import { labelledBatch, planBatches } from '../finetune/sampling.js';
import { openObjectives, sketchObjectives } from '../objectives/open-objectives.js';
import { startNorms } from '../objectives/write-networks.js';
import { plannedClasses } from '../training/planned-classes.js';
import { backboneBuilder } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { type CropTraining, trainOnCrops } from '../training/train-on-crops.js';
import { convertibleOptions } from '../training/training-options.js';
import { distillFaults } from './faults.js';
import {
  checkFeatures,
  classifierParts,
  comparesScores,
  loadTeachers,
  type OpenTeacher,
  openTeachers,
  parametersOf,
  sketchStoredTeachers,
  sketchTeachers,
} from './networks.js';
import { type DistillOptions, distillOptions } from './options.js';
import { callsOf, prepare } from './prepare.js';
import { distillResult } from './result.js';
import { sharedSpace } from './space.js';
import { openStored } from './stored.js';
import { studentStep } from './student-step.js';
import { openVectors, sketchVectors } from './vectors.js';
import { writeStudent } from './write-student.js';

/** Trains a network to give what larger ones give, on any of their levels, with or without labels. */
export default defineStage({
  name: 'distill',
  summary: 'Trains a student on what its teachers give for the same audio, layer by layer, with or without labels.',
  options: distillOptions,
  result: distillResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: convertibleOptions,
  sources: ({ vectors }) => (vectors === undefined ? undefined : sourceStamp([vectors])),
  check: distillFaults,
  sketch: sketchDistill,
  async run(context, options) {
    const { tf32 } = options;
    const compute = await computeType({ ...context, tf32 }, options.compute);
    return withSession({ ...context, name: 'distill', compute, tf32, group: context.workers }, (session) =>
      distill(session, context, options),
    );
  },
});

/** The training before its data: teachers and student, and the labels that there will be. */
export async function sketchDistill(context: SketchContext, options: DistillOptions): Promise<TrainingSketch> {
  const stored = sketchStored(context, options.corpus);
  const [first] = options.teachers;
  const otherwise = first === undefined ? undefined : (await sketchInit(context, first)).features;
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
      const outputs = sketchVectors(options) ?? sketchStoredTeachers(options, teachers);
      const { plan } = await planBatches(context, all, { features, stored, labelled: all.clusters !== undefined });
      const objectives = await sketchObjectives(context, all, { features, plan, batchSize: settings.batchSize });
      const parts = { features, backbone, teachers, head, outputs, objectives: objectives.parts };
      const distiller = await prepare(session, context, all, parts);
      return callsOf(distiller, plan, all, { classified: head !== undefined, outputs, objectives })(settings.batchSize);
    },
  };
}

/** Trains the student; its origin is its teachers', or what `origin` says. */
export async function distill(session: Session, context: StageContext, options: DistillOptions, origin?: string) {
  const school = await openSchool(session, context, options);
  const { train, distiller, start, teachers, head, classes, labels, outputs, objectives, batches } = school;
  const { plan, rule, run } = batches;
  const known = labels ?? new Int32Array(train.ids.length);
  const training: CropTraining = {
    network: start.info.backbone.name,
    shards: train,
    plan,
    subset: subsetOf(labels, school.vectors?.utterances),
    rule: rule(known, train.samples),
    calls: callsOf(distiller, plan, options, {
      classified: head !== undefined,
      outputs: outputs?.teachers,
      objectives,
    }),
    average: distiller.average,
    states: [],
    step: studentStep(options, {
      distiller,
      objectives,
      outputs,
      classified: head !== undefined,
      labelsOf: (batch) => {
        const speakers = classes?.speakers ?? 1;
        return labelledBatch(batch, known, { speakers, speeds: options.speeds, seed: context.seed, run });
      },
    }),
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

/** Student and teachers with their weights, the student's labels, batches and objectives. */
async function openSchool(session: Session, context: StageContext, options: DistillOptions) {
  const { train } = openTraining(context.artifact(options.corpus));
  const stored = train.features;
  const scored = await comparesScores(context.registry, options);
  const teachers = await openTeachers(context, options, scored);
  const start = await openStudent(context, options, teachers, stored);
  const { labels, classes } = readClasses(context, options, teachers, train.ids.length);
  const head = classes && (await classifierParts(context.registry, options.loss, classes.speakers * classes.speeds));
  const named = teachers.map((teacher, i) => ({ name: options.teachers[i], teacher }));
  const vectors = openVectors(options, train, context.log);
  const outputs = vectors ?? openStored(context, options, named, train);
  const { features, backbone } = start;
  const batches = await planBatches(context, options, { features, stored, labelled: options.clusters !== undefined });
  const objectives = await openObjectives(context, options, { ...options, train, features, plan: batches.plan });
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
  return { train, distiller, start, teachers, head, classes, labels, outputs, vectors, objectives, batches };
}

/** The utterances to train on: those with a label and a vector, where there are such; undefined for all. */
function subsetOf(labels: Int32Array | undefined, known: Int32Array | undefined): Int32Array | undefined {
  if (!labels) return known;
  return known ? known.filter((utterance) => labels[utterance] >= 0) : labelled(labels);
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
  const start = await openStart(context, choice, { stored, otherwise: parts[0]?.features });
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
  [teacher]: readonly OpenTeacher[],
  utterances: number,
): { labels?: Int32Array; classes?: { speakers: number; speeds: number } } {
  const { clusters, speeds } = options;
  const classifier = teacher?.classifier;
  if (clusters === undefined) return { classes: classifier?.info };
  const labels = readLabels(context.artifact(clusters), utterances);
  return {
    labels,
    classes: countClasses(labels, { clusters, speeds }, classifier, 'compare vectors, not class scores'),
  };
}
