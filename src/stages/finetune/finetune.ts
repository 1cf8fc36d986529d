import { join } from 'node:path';
import type { CropPlan } from '../../data/crops/crops.js';
import { openSampler } from '../../data/crops/open-sampler.js';
import { labelled } from '../../data/crops/sampler.js';
import { saveWeights } from '../../embed/extract.js';
import { writeModel } from '../../embed/model-file.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { UserError } from '../../errors.js';
import type { HostTensor } from '../../host-tensor.js';
import { defineStage } from '../../plugin/define.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { createFinetuner, type FinetuneParts, type Finetuner } from '../../train/finetuner.js';
import { writeClassifier } from '../../train/labels/classifier-file.js';
import { labelShares } from '../../train/labels/label-alignment.js';
import { marginFaults, marginShare } from '../../train/labels/margin-schedule.js';
import { openCorpus, speakersKnown } from '../artifacts/corpus-data.js';
import { readLabels, startPrototypes } from '../artifacts/pseudo-labels.js';
import { averageDecay, openAveraging } from '../training/averaging.js';
import { backboneBuilder, cropView, type Preparation } from '../training/resolve-plugins.js';
import { silentCrops } from '../training/silent-crops.js';
import { trainOnCrops } from '../training/train-on-crops.js';
import { checkTraining, convertibleOptions } from '../training/training-options.js';
import { correctionAt, gateFaults, openGate } from './gate.js';
import type { GateLine } from './gate-record.js';
import { lossFaults } from './loss-faults.js';
import { foreseenClasses, openStart, type Start, sketchStart, startFaults } from './network.js';
import { type FinetuneOptions, finetuneOptions } from './options.js';
import { batchPlan, labelledBatch, samplingFaults } from './sampling.js';

/** Trains a network on labelled utterances, from scratch or from another network; pseudo-labels may have to pass a gate. */
export default defineStage({
  name: 'finetune',
  summary:
    'Trains on labels or pseudo-labels, from scratch or from a pretrained network, through a loss gate if asked.',
  options: finetuneOptions,
  produces: 'model',
  convertible: convertibleOptions,
  check: checkFinetune,
  async sketch(context, given) {
    const { features, backbone } = await sketchStart(context, given);
    const { classes, assumed } = foreseenClasses(context, given.clusters);
    return {
      ...{ ...given, features, backbone, assumed },
      async build(session, settings) {
        const built = await backboneBuilder(context.registry, settings.backbone, features.bins);
        const parts = { features, backbone: built, classes: classes * given.speeds.length };
        const { trainer, batches } = await prepare(session, context, { ...given, ...settings }, parts);
        return callsOf(trainer, batches.plan, given)(settings.batchSize);
      },
    };
  },
  async run(context, given) {
    const compute = await computeType(context.device, given.compute, context.threads);
    return withSession({ ...context, name: 'finetune', compute }, (session) => finetune(session, context, given));
  },
});

async function checkFinetune(context: CheckContext, given: FinetuneOptions): Promise<string[]> {
  const { margin, epochs } = given;
  const loss = await context.registry.load('loss', given.loss.name);
  return [
    ...checkTraining(context, given),
    ...startFaults(given),
    ...samplingFaults(given, loss.batch?.(given.loss.options).utterancesPerSpeaker),
    ...lossFaults(loss, given),
    ...gateFaults(given),
    ...(margin ? marginFaults(margin, epochs) : []),
  ];
}

async function finetune(session: Session, context: StageContext, given: FinetuneOptions) {
  const corpus = openCorpus(context.artifact(given.corpus));
  const { train } = corpus;
  const labels = readLabels(context.artifact(given.clusters), train.ids.length);
  const start = await openStart(context, given);
  const { speakers, speeds } = countClasses(labels, given, start);
  const parts = { features: start.features, backbone: start.backbone, classes: speakers * speeds };
  const { trainer, batches } = await prepare(session, context, given, parts);
  await start.load(session, trainer);
  await session.load(trainer.alignment.start(labelShares(labels, { speakers, speeds })));
  if (given.prototypes) {
    await startPrototypes(session, trainer, labels, context.artifact(given.prototypes), speeds);
  }
  const sampling = { subset: labelled(labels), rule: batches.rule(labels, train.samples) };
  const { batchesPerEpoch, leftOut } = openSampler({
    ...{ ...sampling, count: train.ids.length, batchSize: given.batchSize, seed: 0 },
  });
  if (leftOut) context.log(`speakers with too few utterances for batches of this loss, left out: ${leftOut}`);
  const { average } = given;
  const averaging = openAveraging(session, [trainer.scope, trainer.headScope], {
    ...{ average, batchesPerEpoch, moving: trainer.average },
  });
  const known = given.gate && speakersKnown(corpus) ? corpus.trainSpeakers : null;
  const { gate, lastLine } = await openGate(context, given, labels, known);
  const { steps } = await trainOnCrops(session, context, given, {
    ...{ shards: train, plan: batches.plan, ...sampling, calls: callsOf(trainer, batches.plan, given) },
    async step(batch, { step, steps, epoch }, rate) {
      const limit = gate.limit(batch.epoch);
      const gated = Number.isFinite(limit);
      const { metrics, losses, decisions } = await trainer.step(
        batch,
        {
          ...labelledBatch(batch, labels, { speakers, speeds: given.speeds, seed: context.seed, each: batches.run }),
          history: gate.history(batch.utterances),
        },
        {
          ...{ step, rate, margin: marginShare(given.margin, epoch), gate: limit, momentum: given.gateMomentum },
          ...thawedAt(given, epoch),
          // Where nothing is rejected, there is nothing to correct.
          correction: gated ? correctionAt(given, batch.epoch) : undefined,
        },
      );
      // A speaker at another speed is still that speaker.
      gate.record(
        batch.utterances,
        losses,
        decisions.map((decision) => (decision < 0 ? decision : decision % speakers)),
      );
      await averaging?.note(step + 1, steps);
      return gated ? { ...metrics, gate: limit } : metrics;
    },
    hostState: () => ({ ...gate.state(), ...averaging?.state() }),
    restore(state) {
      gate.restore(state);
      averaging?.restore(state);
    },
  });
  gate.finish();
  const averaged = await averaging?.result();
  await writeNetwork(session, context.dir, trainer, {
    ...{ start, averaged: averaged?.weights, classifier: { loss: given.loss.name, speakers, speeds } },
  });
  return {
    ...{ networks: ['network'], steps, classes: parts.classes },
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
    ...gateResult(lastLine()),
  };
}

/** Speakers that the labels tell apart, and speeds of each; a classifier that is kept may know more of both. */
function countClasses(
  labels: Int32Array,
  given: FinetuneOptions,
  { classifier }: Start,
): { speakers: number; speeds: number } {
  const speakers = 1 + labels.reduce((a, b) => Math.max(a, b), -1);
  const speeds = given.speeds.length;
  if (!classifier) return { speakers, speeds };
  const { info, dir } = classifier;
  if (speakers <= info.speakers && speeds <= info.speeds) return info;
  throw new UserError(
    `The classifier of ${dir} knows ${info.speakers} speakers at ${info.speeds} speeds, and there are ${speakers} at ${speeds}. ` +
      'Give the labels and speeds it was trained on, or classifier: new.',
  );
}

/** Whether parts that are frozen for a while learn by now. */
function thawedAt({ freeze }: FinetuneOptions, epoch: number): { thawed?: number } {
  return freeze?.untilEpoch === undefined ? {} : { thawed: epoch >= freeze.untilEpoch ? 1 : 0 };
}

/** What is trained, and on which crops. */
async function prepare(
  session: Session,
  { registry, artifact, seed }: Preparation,
  given: FinetuneOptions,
  { features, ...network }: Pick<FinetuneParts, 'backbone' | 'classes'> & Pick<Start, 'features'>,
) {
  const { optimizer, accumulate, backboneRate, freeze, speeds } = given;
  const loss = await registry.load('loss', given.loss.name);
  const { options } = given.loss;
  const trainer = createFinetuner({
    ...{ session, seed, ...network, optimizer, accumulate, backboneRate, freeze, speeds },
    averageDecay: averageDecay(given.average),
    loss: (parts) => loss.build({ ...parts, options }),
    view: await cropView({ registry, artifact }, { ...given, features }),
  });
  return { trainer, batches: batchPlan(given, features.sampleRateHz, loss.batch?.(options).utterancesPerSpeaker) };
}

/** What an update runs on silence, with correction where that comes later: it takes more memory. */
const callsOf =
  ({ functions }: Finetuner, plan: CropPlan, given: FinetuneOptions) =>
  (batchSize: number) => {
    const values = {
      ...{ gate: 0, momentum: 0, margin: 1, rate: 0, step: 0, ...thawedAt(given, 0) },
      ...correctionAt(given, Number.POSITIVE_INFINITY),
    };
    const zeros = new Int32Array(batchSize);
    const samples = { labels: zeros, history: new Float32Array(batchSize) };
    return functions(
      silentCrops(plan, batchSize),
      given.speeds.length > 1 ? { ...samples, speed: zeros } : samples,
      values,
    );
  };

/** Writes the network and its classifier: averaged, or as they are. */
async function writeNetwork(
  session: Session,
  stageDir: string,
  { scope, headScope, embeddingSize }: Finetuner,
  made: {
    start: Start;
    averaged?: Record<string, HostTensor>;
    classifier: { loss: string; speakers: number; speeds: number };
  },
): Promise<void> {
  const dir = join(stageDir, 'models', 'network');
  const weights = await saveWeights(session, scope, made.averaged);
  writeClassifier({ dir, info: made.classifier, weights: await saveWeights(session, headScope, made.averaged) });
  writeModel(dir, { ...made.start.info, embeddingSize }, weights);
}

/** What became of the labels in the last epoch. */
function gateResult(last: GateLine | undefined) {
  const { gate = null, kept = null, corrected = null } = last ?? {};
  const { gatePrecision = null, gateRecall = null, correctionPrecision = null } = last ?? {};
  return { gate, kept, corrected, gatePrecision, gateRecall, correctionPrecision };
}
