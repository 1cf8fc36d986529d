import { join } from 'node:path';
import { labelled } from '../../data/crops/sampler.js';
import { saveWeights } from '../../embed/extract.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import type { HostTensor } from '../../host-tensor.js';
import { defineStage } from '../../plugin/define.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { type Classifier, writeClassifier } from '../../train/classifier/classifier-file.js';
import { marginFaults } from '../../train/classifier/margin-schedule.js';
import type { Finetuner } from '../../train/finetuner.js';
import type { GateLine } from '../../train/gate/gate-record.js';
import type { GateRule } from '../../train/gate/gate-rule.js';
import { labelShares } from '../../train/gate/label-alignment.js';
import { openGate } from '../../train/gate/open-gate.js';
import { gateFaults } from '../../train/gate/options.js';
import { openTraining, speakersKnown } from '../artifacts/corpus-data.js';
import { readLabels, startPrototypes } from '../artifacts/pseudo-labels.js';
import { objectiveFaults } from '../objectives/faults.js';
import { openObjectives, sketchObjectives } from '../objectives/open-objectives.js';
import { NETWORK, startNorms, writeNetworks } from '../objectives/write-networks.js';
import { quantizeFaults } from '../training/bits.js';
import { plannedClasses } from '../training/planned-classes.js';
import { backboneBuilder } from '../training/resolve-plugins.js';
import { startFaults } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { type CropTraining, trainOnCrops } from '../training/train-on-crops.js';
import { checkTraining, convertibleOptions, workersFault } from '../training/training-options.js';
import { countClasses } from './classes.js';
import { gatedStep } from './gated-step.js';
import { lossFaults, lossWritten } from './loss-faults.js';
import { classifierFaults, openStart, type Start, sketchStart } from './network.js';
import { type FinetuneOptions, finetuneOptions } from './options.js';
import { callsOf, prepare } from './prepare.js';
import { finetuneResult } from './result.js';
import { labelledBatch, planBatches, samplingFaults } from './sampling.js';
import { selfTeacherFaults } from './self-teacher.js';

/** Trains a network on labelled utterances, from scratch or from another network; pseudo-labels may have to pass a gate. */
export default defineStage({
  name: 'finetune',
  summary:
    'Trains on labels or pseudo-labels, from scratch or from a pretrained network, through a loss gate if asked.',
  options: finetuneOptions,
  result: finetuneResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: convertibleOptions,
  check: checkFinetune,
  async sketch(context, options) {
    const stored = sketchStored(context, options.corpus);
    const { features, backbone } = await sketchStart(context, options, { stored });
    const { classes, assumed } = plannedClasses(context, options.clusters);
    return {
      ...options,
      features,
      backbone,
      assumed,
      async build(session, settings) {
        const all = { ...options, ...settings };
        const backbone = await backboneBuilder(context.registry, settings.backbone, features.bins);
        const { plan } = await planBatches(context, all, { features, stored });
        const objectives = await sketchObjectives(context, all, { features, plan, batchSize: settings.batchSize });
        const parts = { features, backbone, classes: classes * options.speeds.length, objectives: objectives.parts };
        const trainer = await prepare(session, context, all, parts);
        return callsOf(trainer, plan, all, objectives)(settings.batchSize);
      },
    };
  },
  async run(context, options) {
    const { tf32 } = options;
    const compute = await computeType({ ...context, tf32 }, options.compute);
    return withSession({ ...context, name: 'finetune', compute, tf32, group: context.workers }, (session) =>
      finetune(session, context, options),
    );
  },
});

async function checkFinetune(context: CheckContext, options: FinetuneOptions): Promise<string[]> {
  const { margin, epochs } = options;
  const loss = await context.registry.load('loss', options.loss.name);
  return [
    ...checkTraining(context, options),
    ...workersFault(context, `loss: '${options.loss.name}'`, loss.batch === undefined || loss.manyWorkers),
    ...startFaults(options),
    ...classifierFaults(options),
    ...samplingFaults(options, loss.batch?.(options.loss.options).utterancesPerSpeaker),
    ...lossFaults(loss, options),
    ...gateFaults(options),
    ...quantizeFaults(options),
    ...(await objectiveFaults(context, options)),
    ...(await selfTeacherFaults(context, options)),
    ...(margin ? marginFaults(margin, epochs) : []),
  ];
}

async function finetune(session: Session, context: StageContext, options: FinetuneOptions) {
  const corpus = openTraining(context.artifact(options.corpus));
  const { train } = corpus;
  const labels = readLabels(context.artifact(options.clusters), train.ids.length);
  warnOfRivals(options, context.log);
  const stored = train.features;
  const start = await openStart(context, options, { stored });
  if (stored) {
    checkSameFeatures(stored, start.features);
    await refuseWaveChanges(context.registry, options);
  }
  const { speakers, speeds } = countClasses(labels, options, start.classifier);
  const { features, backbone } = start;
  const batches = await planBatches(context, options, { features, stored });
  const objectives = await openObjectives(context, options, { ...options, train, features, plan: batches.plan });
  const parts = { features, backbone, classes: speakers * speeds, objectives: objectives.parts };
  const trainer = await prepare(session, context, options, parts);
  await startTrainer(session, context, options, trainer, { start, labels, speakers, speeds });
  const gate = openGate({
    rule: await gateRule(context, options.gate),
    options,
    labels,
    speakers: options.gate && speakersKnown(corpus) ? corpus.trainSpeakers : null,
    dir: context.dir,
    log: context.log,
  });
  const training: CropTraining = {
    network: start.info.backbone.name,
    shards: train,
    plan: batches.plan,
    subset: labelled(labels),
    rule: batches.rule(labels, train.samples),
    calls: callsOf(trainer, batches.plan, options, objectives),
    average: trainer.average,
    states: [gate],
    step: gatedStep(options, {
      trainer,
      gate,
      speakers,
      objectives,
      labelsOf: (batch) =>
        labelledBatch(batch, labels, { speakers, speeds: options.speeds, seed: context.seed, run: batches.run }),
    }),
  };
  const { steps } = await trainOnCrops(session, context, options, training).finally(objectives.close);
  const lastLine = gate.finish();
  const averaged = await trainer.average.result(steps);
  const classifier = { ...lossWritten(options.loss), speakers, speeds };
  const written = { start, averaged: averaged?.weights, classifier };
  const networks = await writeClassified(session, context.dir, trainer, written);
  return {
    networks,
    steps,
    classes: parts.classes,
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
    ...gateResult(lastLine),
  };
}

/** Gives a training its first weights: those of its start, and what is known of the labels. */
async function startTrainer(
  session: Session,
  { artifact }: StageContext,
  { prototypes }: FinetuneOptions,
  trainer: Finetuner,
  { start, labels, speakers, speeds }: { start: Start; labels: Int32Array; speakers: number; speeds: number },
): Promise<void> {
  await start.load(session, trainer);
  await startNorms(session, trainer);
  await trainer.bits?.start();
  await session.load(trainer.alignment.start(labelShares(labels, { speakers, speeds })));
  if (prototypes) await startPrototypes(session, trainer, labels, artifact(prototypes), speeds);
}

/** A classifier that is trained on, with a larger margin, has no further one on the nearest wrong classes, as published. */
function warnOfRivals({ classifier, loss }: FinetuneOptions, log: (line: string) => void): void {
  const { interTopK } = loss.options as { interTopK?: unknown };
  if (classifier !== 'keep' || interTopK === undefined) return;
  log(
    'warning: loss.interTopK is still on in a training that goes on with a classifier. Large-margin training is published without it: ' +
      'leave it out there.',
  );
}

/** The chosen gate as a rule; undefined where none is chosen. */
async function gateRule(
  { registry }: Pick<StageContext, 'registry'>,
  choice: PluginChoice<'gate'> | undefined,
): Promise<GateRule | undefined> {
  if (!choice) return undefined;
  const { name, options } = choice;
  const plugin = await registry.load('gate', name);
  return { name, threshold: (losses) => plugin.threshold(losses, options) };
}

/** Writes the network, and its classifier beside it: averaged, or as they are. */
async function writeClassified(
  session: Session,
  stageDir: string,
  trainer: Finetuner,
  {
    start,
    averaged,
    classifier,
  }: { start: Start; averaged?: Record<string, HostTensor>; classifier: Classifier['info'] },
): Promise<string[]> {
  const { headScope, embeddingSize } = trainer;
  const weights = await saveWeights(session, headScope, averaged);
  writeClassifier({ dir: join(stageDir, 'models', NETWORK), info: classifier, weights });
  return writeNetworks(session, stageDir, trainer, { info: { ...start.info, embeddingSize }, averaged });
}

/** Figures of the last epoch's labels. */
function gateResult(last: GateLine | undefined) {
  const { gate = null, kept = null, corrected = null } = last ?? {};
  const { gatePrecision = null, gateRecall = null, correctionPrecision = null } = last ?? {};
  return { gate, kept, corrected, gatePrecision, gateRecall, correctionPrecision };
}
