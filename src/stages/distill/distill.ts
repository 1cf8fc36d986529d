import type { CropPlan } from '../../data/crops/crops.js';
import { labelled } from '../../data/crops/sampler.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import type { StageContext } from '../../plugin/stage.js';
import { silentCrops } from '../../train/check-memory.js';
import { marginShare } from '../../train/classifier/margin-schedule.js';
import { createDistiller, type Distiller, type DistillParts } from '../../train/distill/distiller.js';
import { rowSize, type StoredTeacher } from '../../train/distill/stored-teachers.js';
import type { ClassifierParts } from '../../train/distill/teachers.js';
import { openTraining } from '../artifacts/corpus-data.js';
import { readLabels } from '../artifacts/pseudo-labels.js';
import { countClasses } from '../finetune/classes.js';
import { openStart, plannedClasses, type Start, sketchStart } from '../finetune/network.js';
import { batchPlan, labelledBatch } from '../finetune/sampling.js';
import { backboneBuilder, cropView, type Preparation } from '../training/resolve-plugins.js';
import { sketchInit } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { trainOnCrops } from '../training/train-on-crops.js';
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
import { NETWORK, writeStudent } from './write-student.js';

/** Trains a network to give what larger ones give, on any of their levels, with or without labels. */
export default defineStage({
  name: 'distill',
  summary: 'Trains a student on what its teachers give for the same audio, layer by layer, with or without labels.',
  options: distillOptions,
  result: distillResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: convertibleOptions,
  check: distillFaults,
  async sketch(context, options) {
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
        const built = await backboneBuilder(context.registry, settings.backbone, features.bins);
        const outputs = sketchStoredTeachers(options, teachers);
        const parts = { features, backbone: built, teachers, head, stored, outputs };
        const { distiller, plan } = await prepare(session, context, { ...options, ...settings }, parts);
        return callsOf(distiller, plan, options, { classified: head !== undefined, outputs })(settings.batchSize);
      },
    };
  },
  async run(context, options) {
    const compute = await computeType(context.device, options.compute, context.threads);
    return withSession({ ...context, name: 'distill', compute, group: context.workers }, (session) =>
      distill(session, context, options),
    );
  },
});

async function distill(session: Session, context: StageContext, options: DistillOptions) {
  const { train } = openTraining(context.artifact(options.corpus));
  const stored = train.features;
  const scored = await comparesScores(context.registry, options);
  const teachers = await openTeachers(context, options, scored);
  const start = await openStudent(context, options, teachers, stored);
  const { labels, classes } = readClasses(context, options, teachers, train.ids.length);
  const head = classes && (await classifierParts(context.registry, options.loss, classes.speakers * classes.speeds));
  const named = teachers.map((teacher, i) => ({ name: options.teachers[i], teacher }));
  const outputs = openStored(context, options, named, train);
  const { distiller, plan, rule, run } = await prepare(session, context, options, {
    features: start.features,
    backbone: start.backbone,
    teachers: teachers.map(({ parts }) => parts),
    head,
    stored,
    outputs: outputs?.teachers,
  });
  await start.load(session, distiller);
  await distiller.bits?.start();
  if (!outputs) await loadTeachers(session, teachers, distiller);
  const known = labels ?? new Int32Array(train.ids.length);
  const { steps } = await trainOnCrops(session, context, options, {
    network: start.info.backbone.name,
    shards: train,
    plan,
    subset: labels && labelled(labels),
    rule: rule(known, train.samples),
    calls: callsOf(distiller, plan, options, { classified: head !== undefined, outputs: outputs?.teachers }),
    average: distiller.average,
    states: [],
    step(batch, { step, epoch }, rate) {
      const speakers = classes?.speakers ?? 1;
      const samples = labelledBatch(batch, known, { speakers, speeds: options.speeds, seed: context.seed, run });
      const margin = marginShare(options.margin, epoch);
      const heard = head ? samples : { speed: samples.speed };
      return distiller.step(batch, { ...heard, outputs: outputs?.read(batch.utterances) }, { step, rate, margin });
    },
  });
  const averaged = await distiller.average.result(steps);
  await writeStudent(session, context.dir, {
    distiller,
    options,
    start,
    teachers,
    classes,
    averaged: averaged?.weights,
    space: await sharedSpace(context.registry, options, teachers, distiller.embeddingSize),
  });
  return {
    networks: [NETWORK],
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

/** The student with its step, and the batches it is trained on. */
async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  options: DistillOptions,
  {
    features,
    backbone,
    teachers,
    head,
    stored,
    outputs,
  }: Pick<DistillParts, 'backbone' | 'teachers'> &
    Pick<Start, 'features'> &
    Pick<CropPlan, 'stored'> & { head?: ClassifierParts; outputs?: readonly StoredTeacher[] },
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
  const distiller = createDistiller({
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
    view: await cropView({ registry, artifact }, { ...options, features }),
  });
  const loss = await registry.load('loss', options.loss.name);
  const utterancesPerSpeaker =
    clusters === undefined ? undefined : loss.batch?.(options.loss.options).utterancesPerSpeaker;
  return { distiller, ...batchPlan(options, { sampleRateHz: features.sampleRateHz, utterancesPerSpeaker, stored }) };
}

/** The compiled calls of an update, on silence. */
const callsOf =
  (
    { functions }: Distiller,
    plan: CropPlan,
    { speeds }: DistillOptions,
    { classified, outputs }: { classified: boolean; outputs?: readonly StoredTeacher[] },
  ) =>
  (batchSize: number) => {
    const zeros = new Int32Array(batchSize);
    const samples = {
      ...(classified && { labels: zeros }),
      ...(speeds.length > 1 && { speed: zeros }),
      outputs: outputs?.map((teacher) => new Float32Array(batchSize * rowSize(teacher))),
    };
    return functions(silentCrops(plan, batchSize), samples, { step: 0, rate: 0, margin: 1 });
  };
