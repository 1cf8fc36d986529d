import { z } from 'zod';
import { featureDefinition } from '../../audio/features/features.js';
import type { CropPlan } from '../../data/crops/crops.js';
import { createSampler } from '../../data/crops/sampler.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { describeSuspicion } from '../../train/guard/collapse-causes.js';
import type { CollapseEvent } from '../../train/guard/collapse-guard.js';
import { guardOptions } from '../../train/guard/collapse-watch.js';
import { referenceFault } from '../../train/guard/reference-curve.js';
import { createPretrainer, type Pretrainer } from '../../train/pretrainer.js';
import { adversaryFault, adversaryOptions } from '../../train/step/adversary.js';
import { type CorpusData, openCorpus } from '../artifacts/corpus-data.js';
import { countParameters, exportNetworks } from '../artifacts/export-networks.js';
import { averageDecay, averageOptions, openAveraging } from '../training/averaging.js';
import { openReference } from '../training/reference.js';
import { backboneBuilder, cropView, type Preparation } from '../training/resolve-plugins.js';
import { silentCrops } from '../training/silent-crops.js';
import { trainOnCrops } from '../training/train-on-crops.js';
import { checkTraining, convertibleOptions, cropSamples, trainingOptions } from '../training/training-options.js';
import { openPositives, positivesFaults, positivesOptions } from './positives.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  method: pluginChoice('ssl'),
  backbone: pluginChoice('backbone'),
  features: featureDefinition.prefault({}),
  globalSeconds: z.number().positive().default(3).describe('length of global crops'),
  localSeconds: z.number().positive().default(2).describe('length of local crops'),
  positives: positivesOptions.optional().describe('crops from other utterances; without it each from its own'),
  adversary: adversaryOptions.optional().describe('opposes what tells augmentations apart; without it nothing does'),
  average: averageOptions,
  guard: guardOptions.describe('watches for collapse'),
  reference: z
    .string()
    .nullish()
    .describe('a curve to compare the run with: the name of a recipe of configs/small, or a file'),
  ...trainingOptions,
});
type Options = z.output<typeof options>;

/** Trains a backbone without labels. With 0 steps it writes the untrained network, to compare with. */
export default defineStage({
  name: 'pretrain',
  summary: 'Trains a backbone without labels, by a self-supervised method.',
  options,
  produces: 'model',
  convertible: [...convertibleOptions, 'positives.algorithm', 'guard', 'reference'],
  check,
  async sketch(context, given) {
    return {
      ...{ ...given, assumed: [] },
      async build(session, settings) {
        const { trainer, plan } = await prepare(session, context, { ...given, ...settings });
        return callsOf(trainer, plan)(settings.batchSize);
      },
    };
  },
  async run(context, given) {
    const compute = await computeType(context.device, given.compute, context.threads);
    return withSession({ ...context, name: 'pretrain', compute }, (session) => pretrain(session, context, given));
  },
});

/** What training cannot work with, and what the method cannot. */
async function check(context: CheckContext, given: Options): Promise<string[]> {
  const plugin = await context.registry.load('ssl', given.method.name);
  const batch = given.batchSize / given.accumulate;
  const faults = Number.isInteger(batch) ? (plugin.check?.(given.method.options, { batch }) ?? []) : [];
  const adversary = given.adversary && adversaryFault(plugin.views(given.method.options));
  const reference = given.reference ? referenceFault(given.reference) : undefined;
  const found = [adversary, reference].filter((fault) => fault !== undefined);
  return [...checkTraining(context, given), ...faults, ...positivesFaults(given), ...found];
}

async function pretrain(session: Session, context: StageContext, given: Options) {
  const corpus = openCorpus(context.artifact(given.corpus));
  const { trainer, plan } = await prepare(session, context, given);
  const [network] = Object.values(trainer.method.networks);
  const { features } = given;
  const positives = given.positives && openPositives(session, context, given.positives, { corpus, features, network });
  const average = openAverage(session, trainer, corpus, given);
  const reference = given.reference ? openReference(given.reference, context) : undefined;
  const { steps, batchesPerEpoch, collapse } = await trainOnCrops(session, context, given, {
    ...{ shards: corpus.train, plan, calls: callsOf(trainer, plan) },
    guard: { ...given.guard, size: network.embeddingSize },
    sources: positives?.sources,
    hostState: () => ({ ...positives?.state(), ...average?.state() }),
    restore(state) {
      positives?.restore(state);
      average?.restore(state);
    },
    async step(batch, moment, rate) {
      const metrics = await trainer.step(batch, moment.step, { rate, ...trainer.method.schedule?.(moment) });
      reference?.see(moment, metrics);
      await average?.note(moment.step + 1, moment.steps);
      return { ...metrics, ...positives?.measure(batch) };
    },
  });
  const averaged = await average?.result();
  await exportNetworks(session, trainer.method.networks, {
    ...{ dir: context.dir, method: given.method.name, backbone: given.backbone, features, averaged: averaged?.weights },
  });
  return {
    ...{ method: given.method.name, networks: Object.keys(trainer.method.networks) },
    ...{
      steps,
      epochs: steps / batchesPerEpoch,
      audioSeconds: steps * given.batchSize * audioSeconds(plan.count, given),
    },
    ...{ parameters: countParameters(network), embeddingSize: network.embeddingSize },
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
    ...(positives && { positives: positives.result() }),
    collapse: collapse.map(collapseResult),
    ...(reference && { reference: reference.result() }),
  };
}

const collapseResult = (event: CollapseEvent) => ({ ...event, message: describeSuspicion(event) });

function openAverage(session: Session, trainer: Pretrainer, { train }: CorpusData, given: Options) {
  const { average, batchSize } = given;
  const [{ scope }] = Object.values(trainer.method.networks);
  const { batchesPerEpoch } = createSampler({ count: train.ids.length, batchSize, seed: 0 });
  return openAveraging(session, [scope], { average, batchesPerEpoch, moving: trainer.average });
}

/** Seconds of crops cut from one utterance of a batch. */
const audioSeconds = (count: CropPlan['count'], { globalSeconds, localSeconds }: Options): number =>
  count.global * globalSeconds + count.local * localSeconds;

/** What is trained, and on which crops. */
async function prepare(session: Session, context: Preparation, given: Options) {
  const { registry, seed } = context;
  const plugin = await registry.load('ssl', given.method.name);
  const count = plugin.views(given.method.options);
  const rateHz = given.features.sampleRateHz;
  const samples = { global: cropSamples(given.globalSeconds, rateHz), local: cropSamples(given.localSeconds, rateHz) };
  const trainer = createPretrainer({
    ...{ session, seed, crops: count, batchSize: given.batchSize },
    ...{ accumulate: given.accumulate, optimizer: given.optimizer, adversary: given.adversary },
    averageDecay: averageDecay(given.average),
    backbone: await backboneBuilder(registry, given.backbone, given.features.bins),
    view: await cropView(context, given),
    build: (parts) => plugin.build({ ...parts, options: given.method.options }),
  });
  return { trainer, plan: { count, samples } };
}

/** What the first update runs on silence. */
const callsOf =
  ({ functions, method }: Pretrainer, plan: CropPlan) =>
  (batchSize: number) =>
    functions(silentCrops(plan, batchSize), {
      rate: 0,
      ...method.schedule?.({ step: 0, steps: 1, epoch: 0 }),
      step: 0,
    });
