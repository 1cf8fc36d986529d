import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDefinition } from '../audio/features.js';
import type { CropPlan } from '../data/crops.js';
import { labelled, labelsOf } from '../data/sampler.js';
import { computeType } from '../engine/compute-type.js';
import type { Session } from '../engine/session.js';
import { defineStage } from '../pipeline/define.js';
import { artifact, pluginChoice } from '../pipeline/options.js';
import type { Artifact, CheckContext, SketchContext, StageContext } from '../pipeline/stage.js';
import { loadWeights, saveWeights } from '../train/extract.js';
import { createFinetuner, type FinetuneParts, type Finetuner } from '../train/finetune.js';
import { createGateKeeper, type GateKeeper } from '../train/gate-keeper.js';
import type { Correction } from '../train/label-correction.js';
import { readModel, writeModel } from '../train/model-file.js';
import { openCorpus, speakersKnown } from './corpus-data.js';
import { describeEpoch, type GateLine, gateLine, recordEpoch } from './gate-record.js';
import { gateRule, readLabels, startPrototypes } from './pseudo-labels.js';
import { backboneBuilder, cropView, modelBuilder } from './resolve-plugins.js';
import { silentCrops } from './silent-crops.js';
import { trainOnCrops } from './train-on-crops.js';
import { checkTraining, convertibleOptions, cropSamples, trainingOptions } from './training-options.js';
import { withSession } from './with-session.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  clusters: artifact('clusters'),
  init: artifact('model').describe('network to start from; its backbone and features are kept'),
  prototypes: artifact('embeddings')
    .optional()
    .describe("start the classifier from the clusters' mean embeddings (use the embeddings that were clustered)"),
  loss: pluginChoice('loss').prefault('aam-softmax'),
  gate: pluginChoice('gate').optional().describe('without one every pseudo-label is believed'),
  gateFromEpoch: z
    .number()
    .int()
    .positive()
    .default(2)
    .describe('first epoch in which the gate decides, counted from 0'),
  gateMomentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe('what earlier epochs weigh in the loss that the gate judges: 0 judges the last crop alone'),
  correction: z
    .strictObject({
      fromEpoch: z
        .number()
        .int()
        .positive()
        .default(8)
        .describe('first epoch with correction, counted from 0; too early, it follows what is not learned yet'),
      temperature: z
        .number()
        .positive()
        .default(0.05)
        .describe("divides the loss's class scores (cosines) before the softmax; about 1 / scale of the loss"),
      confidence: z.number().min(0).lt(1).default(0.7).describe('the least probability of a label that replaces one'),
    })
    .optional()
    .describe('train samples that the gate rejects on what the network calls them in the clean view, where it is sure'),
  cropSeconds: z.number().positive().default(3),
  ...trainingOptions,
});
type Options = z.output<typeof options>;

/** Trains a classifier on pseudo-labels, believing only those whose loss passes the gate. */
export default defineStage({
  name: 'finetune',
  summary: 'Trains on pseudo-labels through a loss gate, from a pretrained network.',
  options,
  produces: 'model',
  convertible: convertibleOptions,
  check: checkFinetune,
  async sketch(context, given) {
    const { features, backbone } = await context.sketch(given.init);
    const { classes, assumed } = foreseenClasses(context, given.clusters);
    return {
      ...{ ...given, features, backbone, assumed },
      async build(session, settings) {
        const { trainer, plan } = await prepare(
          session,
          context,
          { ...given, ...settings },
          { features, classes, backbone: await backboneBuilder(context.registry, settings.backbone, features.bins) },
        );
        return callsOf(trainer, plan, given)(settings.batchSize);
      },
    };
  },
  async run(context, given) {
    const compute = await computeType(context.device, given.compute, context.threads);
    return withSession({ ...context, name: 'finetune', compute }, (session) => finetune(session, context, given));
  },
});

function checkFinetune(context: CheckContext, given: Options): string[] {
  const { gate, gateFromEpoch, correction } = given;
  const faults = checkTraining(context, given);
  if (correction && !gate)
    faults.push('correction: only what a gate rejects is corrected. Give a `gate`, or leave it out.');
  if (correction && correction.fromEpoch < gateFromEpoch)
    faults.push(
      `correction.fromEpoch: ${correction.fromEpoch} is before the gate opens (gateFromEpoch: ${gateFromEpoch}).`,
    );
  return faults;
}

async function finetune(session: Session, context: StageContext, given: Options) {
  const corpus = openCorpus(context.artifact(given.corpus));
  const { train } = corpus;
  const labels = readLabels(context.artifact(given.clusters), train.ids.length);
  const init = readModel(initDir(context.artifact(given.init)));
  const { trainer, plan } = await prepare(session, context, given, {
    features: init.info.features,
    backbone: await modelBuilder(context.registry, init.info),
    classes: 1 + labels.reduce((a, b) => Math.max(a, b), -1),
  });
  await loadWeights(session, trainer.scope, init);
  if (given.prototypes) await startPrototypes(session, trainer, labels, context.artifact(given.prototypes));

  const speakers = given.gate && speakersKnown(corpus) ? corpus.trainSpeakers : null;
  const { gate, lastLine } = await openGate(context, given, labels, speakers);
  const { steps } = await trainOnCrops(session, context, given, {
    ...{ shards: train, plan, subset: labelled(labels), calls: callsOf(trainer, plan, given) },
    async step(batch, { step }, rate) {
      const limit = gate.limit(batch.epoch);
      const gated = Number.isFinite(limit);
      // Where nothing is rejected, there is nothing to correct.
      const correction = gated ? correctionAt(given, batch.epoch) : undefined;
      const samples = { labels: labelsOf(labels, batch.utterances), history: gate.history(batch.utterances) };
      const moment = { step, rate, margin: 1, gate: limit, momentum: given.gateMomentum, correction };
      const { metrics, losses, decisions } = await trainer.step(batch, samples, moment);
      gate.record(batch.utterances, losses, decisions);
      return gated ? { ...metrics, gate: limit } : metrics;
    },
    hostState: () => gate.state(),
    restore: (state) => gate.restore(state),
  });
  gate.finish();
  return finish(session, trainer, context, { init, steps, last: lastLine() });
}

/** The gate, which leaves a record of every epoch in the stage's folder. */
async function openGate(
  context: StageContext,
  given: Options,
  labels: Int32Array,
  speakers: readonly string[] | null,
): Promise<{ gate: GateKeeper; lastLine(): GateLine | undefined }> {
  let last: GateLine | undefined;
  const gate = createGateKeeper({
    ...{ utterances: labels.length, fromEpoch: given.gateFromEpoch, decide: await gateRule(context, given.gate) },
    ended(epoch) {
      last = gateLine(epoch, labels, speakers);
      recordEpoch(context.dir, last, epoch.losses);
      if (given.gate) context.log(describeEpoch(last));
    },
  });
  return { gate, lastLine: () => last };
}

/** How labels are corrected in an epoch, if they are. */
function correctionAt({ correction }: Options, epoch: number): Correction | undefined {
  if (!correction || epoch < correction.fromEpoch) return undefined;
  const { temperature, confidence } = correction;
  return { temperature, confidence };
}

/** What is trained, and on which crops. */
async function prepare(
  session: Session,
  { registry, seed }: Pick<StageContext, 'registry' | 'seed'>,
  given: Options,
  { features, ...network }: Pick<FinetuneParts, 'backbone' | 'classes'> & { features: FeatureDefinition },
) {
  const loss = await registry.load('loss', given.loss.name);
  const trainer = createFinetuner({
    ...{ session, seed, ...network, optimizer: given.optimizer, accumulate: given.accumulate },
    loss: (parts) => loss.build({ ...parts, options: given.loss.options }),
    view: await cropView(registry, { ...given, features }),
  });
  const samples = { global: cropSamples(given.cropSeconds, features.sampleRateHz), local: 0 };
  return { trainer, plan: { count: { global: 1, local: 0 }, samples } };
}

/** What an update runs on silence, with correction where that comes later: it takes more memory. */
const callsOf =
  ({ functions }: Finetuner, plan: CropPlan, given: Options) =>
  (batchSize: number) => {
    const values = {
      gate: 0,
      momentum: 0,
      margin: 1,
      rate: 0,
      step: 0,
      ...correctionAt(given, Number.POSITIVE_INFINITY),
    };
    const samples = { labels: new Int32Array(batchSize), history: new Float32Array(batchSize) };
    return functions(silentCrops(plan, batchSize), samples, values);
  };

/** Classes where nobody says how many. */
const ASSUMED_CLASSES = 1000;
/** A number, or the largest of a range. */
const clusterCount = z.union([z.number(), z.object({ to: z.number() }).transform(({ to }) => to)]);
const clusterOptions = z.object({ algorithm: z.object({ options: z.object({ clusters: clusterCount }) }) });

/** Classes that a recipe leads to when nothing has run: as asked, as the cluster stage is told, or a guess that is said aloud. */
function foreseenClasses(
  { classes, options }: SketchContext,
  clusters: string,
): { classes: number; assumed: string[] } {
  if (classes !== undefined) return { classes, assumed: [`${classes} classes, as given`] };
  const known = clusterOptions.safeParse(options(clusters)).data?.algorithm.options.clusters;
  if (known !== undefined) return { classes: known, assumed: [`${known} classes, the clusters of '${clusters}'`] };
  return { classes: ASSUMED_CLASSES, assumed: [`${ASSUMED_CLASSES} classes; --classes says otherwise`] };
}

/** Writes the network; the result tells what became of the labels in the last epoch. */
async function finish(
  session: Session,
  trainer: Finetuner,
  { dir }: StageContext,
  { init, steps, last }: { init: ReturnType<typeof readModel>; steps: number; last?: GateLine },
) {
  const { format: _, ...info } = init.info;
  const weights = await saveWeights(session, trainer.scope);
  writeModel(join(dir, 'models', 'network'), { ...info, origin: `classifier from ${init.info.origin}` }, weights);
  const { gate = null, kept = null, corrected = null } = last ?? {};
  const { gatePrecision = null, gateRecall = null, correctionPrecision = null } = last ?? {};
  return { networks: ['network'], steps, gate, kept, corrected, gatePrecision, gateRecall, correctionPrecision };
}

const made = z.object({ networks: z.array(z.string()).min(1) });
const initDir = ({ dir, result }: Artifact): string => join(dir, 'models', made.parse(result).networks[0]);
