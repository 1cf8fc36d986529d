import { join } from 'node:path';
import type { CropPlan } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import { labelled } from '../../data/crops/sampler.js';
import { saveWeights } from '../../embed/extract.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import type { HostTensor } from '../../host-tensor.js';
import { defineStage } from '../../plugin/define.js';
import type { PluginChoice } from '../../plugin/options.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { silentCrops } from '../../train/check-memory.js';
import { type Classifier, writeClassifier } from '../../train/classifier/classifier-file.js';
import { marginFaults, marginShare } from '../../train/classifier/margin-schedule.js';
import { createFinetuner, type FinetuneParts, type Finetuner, type LabelledSamples } from '../../train/finetuner.js';
import type { GateLine } from '../../train/gate/gate-record.js';
import type { GateRule } from '../../train/gate/gate-rule.js';
import { labelShares } from '../../train/gate/label-alignment.js';
import { type Gate, openGate } from '../../train/gate/open-gate.js';
import { gateFaults } from '../../train/gate/options.js';
import { openTraining, speakersKnown } from '../artifacts/corpus-data.js';
import { readLabels, startPrototypes } from '../artifacts/pseudo-labels.js';
import { quantizeFaults, writeTrained } from '../training/bits.js';
import { backboneBuilder, cropView, type Preparation } from '../training/resolve-plugins.js';
import { startFaults } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { type CropTraining, trainOnCrops } from '../training/train-on-crops.js';
import { checkTraining, convertibleOptions, workersFault } from '../training/training-options.js';
import { countClasses } from './classes.js';
import { lossFaults, lossWritten } from './loss-faults.js';
import { classifierFaults, openStart, plannedClasses, type Start, sketchStart } from './network.js';
import { type FinetuneOptions, finetuneOptions } from './options.js';
import { finetuneResult } from './result.js';
import { batchPlan, labelledBatch, samplingFaults } from './sampling.js';

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
        const built = await backboneBuilder(context.registry, settings.backbone, features.bins);
        const parts = { features, backbone: built, classes: classes * options.speeds.length, stored };
        const { trainer, batches } = await prepare(session, context, { ...options, ...settings }, parts);
        return callsOf(trainer, batches.plan, options)(settings.batchSize);
      },
    };
  },
  async run(context, options) {
    const compute = await computeType(context.device, options.compute, context.threads);
    return withSession({ ...context, name: 'finetune', compute, group: context.workers }, (session) =>
      finetune(session, context, options),
    );
  },
});

async function checkFinetune(context: CheckContext, options: FinetuneOptions): Promise<string[]> {
  const { margin, epochs } = options;
  const loss = await context.registry.load('loss', options.loss.name);
  return [
    ...checkTraining(context, options),
    ...workersFault(context, `loss: '${options.loss.name}'`, loss.batch === undefined),
    ...startFaults(options),
    ...classifierFaults(options),
    ...samplingFaults(options, loss.batch?.(options.loss.options).utterancesPerSpeaker),
    ...lossFaults(loss, options),
    ...gateFaults(options),
    ...quantizeFaults(options),
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
  const parts = { features: start.features, backbone: start.backbone, classes: speakers * speeds, stored };
  const { trainer, batches } = await prepare(session, context, options, parts);
  await start.load(session, trainer);
  await trainer.bits?.start();
  await session.load(trainer.alignment.start(labelShares(labels, { speakers, speeds })));
  if (options.prototypes) {
    await startPrototypes(session, trainer, labels, context.artifact(options.prototypes), speeds);
  }
  const gate = openGate({
    rule: await gateRule(context, options.gate),
    options,
    labels,
    speakers: options.gate && speakersKnown(corpus) ? corpus.trainSpeakers : null,
    dir: context.dir,
    log: context.log,
  });
  const { steps } = await trainOnCrops(session, context, options, {
    network: start.backbone.name,
    shards: train,
    plan: batches.plan,
    subset: labelled(labels),
    rule: batches.rule(labels, train.samples),
    calls: callsOf(trainer, batches.plan, options),
    average: trainer.average,
    states: [gate],
    step: gatedStep(trainer, gate, options, speakers, (batch) =>
      labelledBatch(batch, labels, { speakers, speeds: options.speeds, seed: context.seed, run: batches.run }),
    ),
  });
  const lastLine = gate.finish();
  const averaged = await trainer.average.result(steps);
  const classifier = { ...lossWritten(options.loss), speakers, speeds };
  await writeNetwork(session, context.dir, trainer, { start, averaged: averaged?.weights, classifier });
  return {
    networks: ['network'],
    steps,
    classes: parts.classes,
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
    ...gateResult(lastLine),
  };
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

/** One update on a batch: the gate's setting, the trainer's step, and a note of each sample's loss and decision. */
const gatedStep =
  (
    trainer: Finetuner,
    gate: Gate,
    options: FinetuneOptions,
    speakers: number,
    labelsOf: (batch: Batch) => Pick<LabelledSamples, 'labels' | 'speed'>,
  ): CropTraining['step'] =>
  async (batch, { step, epoch }, rate) => {
    const setting = gate.at(batch.epoch);
    const { metrics, losses, decisions } = await trainer.step(
      batch,
      { ...labelsOf(batch), history: gate.history(batch.utterances) },
      { step, rate, margin: marginShare(options.margin, epoch), ...setting, ...thawedAt(options, epoch) },
    );
    // A speaker at another speed is still that speaker.
    const spoken = decisions.map((decision) => (decision < 0 ? decision : decision % speakers));
    gate.record(batch.utterances, losses, spoken);
    return Number.isFinite(setting.gate) ? { ...metrics, gate: setting.gate } : metrics;
  };

/** 1 when parts that are frozen for a time learn, 0 before; nothing where none are. */
function thawedAt({ freeze }: FinetuneOptions, epoch: number): { thawed?: number } {
  return freeze?.untilEpoch === undefined ? {} : { thawed: epoch >= freeze.untilEpoch ? 1 : 0 };
}

/** The network with its step, and the batches it is trained on. */
async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  options: FinetuneOptions,
  {
    features,
    backbone,
    classes,
    stored,
  }: Pick<FinetuneParts, 'backbone' | 'classes'> & Pick<Start, 'features'> & Pick<CropPlan, 'stored'>,
) {
  const { optimizer, accumulate, backboneRate, freeze, speeds, average, gateJudges, quantize } = options;
  const loss = await registry.load('loss', options.loss.name);
  const lossOptions = options.loss.options;
  const trainer = createFinetuner({
    session,
    seed,
    backbone,
    classes,
    optimizer,
    accumulate,
    backboneRate,
    freeze,
    speeds,
    average,
    gateJudges,
    quantize,
    loss: (parts) => loss.build({ ...parts, options: lossOptions }),
    view: await cropView({ registry, artifact }, { ...options, features }),
  });
  const utterancesPerSpeaker = loss.batch?.(lossOptions).utterancesPerSpeaker;
  return {
    trainer,
    batches: batchPlan(options, { sampleRateHz: features.sampleRateHz, utterancesPerSpeaker, stored }),
  };
}

/** The compiled calls of an update, on silence; with correction where that comes later, for it takes more memory. */
const callsOf =
  ({ functions }: Finetuner, plan: CropPlan, options: FinetuneOptions) =>
  (batchSize: number) => {
    const { correction, speeds } = options;
    const values = {
      gate: 0,
      momentum: 0,
      margin: 1,
      rate: 0,
      step: 0,
      ...thawedAt(options, 0),
      ...(correction && { temperature: correction.temperature, confidence: correction.confidence }),
    };
    const zeros = new Int32Array(batchSize);
    const samples = { labels: zeros, history: new Float32Array(batchSize) };
    return functions(silentCrops(plan, batchSize), speeds.length > 1 ? { ...samples, speed: zeros } : samples, values);
  };

/** Writes the network and its classifier: averaged, or as they are. */
async function writeNetwork(
  session: Session,
  stageDir: string,
  { scope, headScope, embeddingSize, bits }: Finetuner,
  {
    start,
    averaged,
    classifier,
  }: { start: Start; averaged?: Record<string, HostTensor>; classifier: Classifier['info'] },
): Promise<void> {
  const dir = join(stageDir, 'models', 'network');
  writeClassifier({ dir, info: classifier, weights: await saveWeights(session, headScope, averaged) });
  await writeTrained(session, dir, { scope, info: { ...start.info, embeddingSize }, averaged, bits });
}

/** Figures of the last epoch's labels. */
function gateResult(last: GateLine | undefined) {
  const { gate = null, kept = null, corrected = null } = last ?? {};
  const { gatePrecision = null, gateRecall = null, correctionPrecision = null } = last ?? {};
  return { gate, kept, corrected, gatePrecision, gateRecall, correctionPrecision };
}
