import { z } from 'zod';
import { type FeatureDefinition, featureDefinition } from '../../audio/features/features.js';
import type { CropPlan } from '../../data/crops/crops.js';
import { loadWeights } from '../../embed/extract.js';
import type { Model } from '../../embed/model-file.js';
import { computeType } from '../../engine/session/compute-type.js';
import type { Session } from '../../engine/session/session.js';
import { withSession } from '../../engine/session/with-session.js';
import { defineStage } from '../../plugin/define.js';
import { artifact, pluginChoice } from '../../plugin/options.js';
import type { CheckContext, StageContext } from '../../plugin/stage.js';
import { averageOptions } from '../../train/averaging/averaging.js';
import { silentCrops } from '../../train/check-memory.js';
import { describeSuspicion } from '../../train/guard/collapse-causes.js';
import type { CollapseEvent } from '../../train/guard/collapse-guard.js';
import { guardOptions } from '../../train/guard/collapse-watch.js';
import { referenceFault } from '../../train/guard/reference-curve.js';
import { openReference } from '../../train/guard/reference-watch.js';
import { createPretrainer, type Pretrainer } from '../../train/pretrainer.js';
import { adversaryFault, adversaryOptions } from '../../train/step/adversary.js';
import { openTraining, type TrainingData } from '../artifacts/corpus-data.js';
import { countParameters, exportNetworks } from '../artifacts/export-networks.js';
import { openModelArtifact } from '../artifacts/model-artifact.js';
import {
  backboneBuilder,
  type ChosenNetwork,
  cropView,
  networkOfModel,
  type Preparation,
} from '../training/resolve-plugins.js';
import { sketchInit, startFaults } from '../training/start.js';
import { checkSameFeatures, refuseWaveChanges, sketchStored } from '../training/stored-features.js';
import { trainOnCrops } from '../training/train-on-crops.js';
import {
  checkTraining,
  convertibleOptions,
  speedsOption,
  trainingOptions,
  workersFault,
} from '../training/training-options.js';
import { cropFaults, cropPlan, cropSeconds } from './crop-plan.js';
import { openPositives, positivesFaults, positivesOptions } from './positives.js';
import { pretrainResult } from './result.js';

const optionsSchema = z.strictObject({
  corpus: artifact('corpus'),
  method: pluginChoice('ssl'),
  init: artifact('model').optional().describe('network to start from; its backbone and features are kept'),
  backbone: pluginChoice('backbone').optional().describe('network to train from scratch, instead of `init`'),
  features: featureDefinition
    .optional()
    .describe('from scratch: the features; default: those that the corpus holds, or the usual ones'),
  globalSeconds: z.number().positive().default(3).describe('length of global crops'),
  localSeconds: z
    .number()
    .positive()
    .optional()
    .describe('length of local crops, for a method that has them; default 2'),
  disjoint: z
    .boolean()
    .default(false)
    .describe(
      'crops of an utterance do not overlap where its length allows it, so that what they share is the voice and not the words',
    ),
  speeds: speedsOption
    .default([1])
    .describe(
      'each utterance is played at one of these speeds in a step, all of its crops at the same, for a voice at another speed is another ' +
        'voice: [1, 0.9, 1.1]',
    ),
  positives: positivesOptions
    .optional()
    .describe('draws crops from other utterances; without it each comes from its own'),
  adversary: adversaryOptions
    .optional()
    .describe('works against embeddings that tell augmentations apart; without it there is no adversary'),
  average: averageOptions,
  guard: guardOptions.describe('watches for collapse'),
  reference: z
    .string()
    .nullish()
    .describe('a curve to compare the run with: the name of a recipe of configs/small, or a file'),
  ...trainingOptions,
});
type Written = z.output<typeof optionsSchema>;
/** With the network that is trained, written or that of `init`; and the definition of the corpus' stored features. */
type Options = Written & ChosenNetwork & { stored?: FeatureDefinition };

/** Trains a backbone without labels. With 0 steps it writes the untrained network, to compare with. */
export default defineStage({
  name: 'pretrain',
  summary: 'Trains a backbone without labels, by a self-supervised method.',
  options: optionsSchema,
  result: pretrainResult,
  produces: 'model',
  inEveryWorker: true,
  convertible: [...convertibleOptions, 'positives.algorithm', 'guard', 'reference'],
  check,
  async sketch(context, written) {
    const stored = sketchStored(context, written.corpus);
    const network = written.init === undefined ? fromScratch(written, stored) : await sketchInit(context, written.init);
    const options = { ...written, ...network, stored };
    return {
      ...options,
      assumed: [],
      async build(session, settings) {
        const { trainer, plan } = await prepare(session, context, { ...options, ...settings });
        return callsOf(trainer, plan)(settings.batchSize);
      },
    };
  },
  async run(context, written) {
    const { registry, device, threads, workers } = context;
    const init = written.init === undefined ? undefined : openModelArtifact(context.artifact(written.init));
    const corpus = openTraining(context.artifact(written.corpus));
    const stored = corpus.train.features;
    const network = init ? await networkOfModel(registry, init.info) : fromScratch(written, stored);
    if (stored) {
      checkSameFeatures(stored, network.features);
      await refuseWaveChanges(registry, written);
    }
    const { tf32 } = written;
    const compute = await computeType({ device, threads, tf32, workers }, written.compute);
    return withSession({ ...context, name: 'pretrain', compute, tf32, group: context.workers }, (session) =>
      pretrain(session, context, { ...written, ...network, stored }, { corpus, init }),
    );
  },
});

const fromScratch = ({ backbone, features }: Written, stored?: FeatureDefinition): ChosenNetwork => ({
  backbone: backbone!,
  features: features ?? stored ?? featureDefinition.parse({}),
});

/** Faults in the options, the method's own among them. */
async function check(context: CheckContext, options: Written): Promise<string[]> {
  const plugin = await context.registry.load('ssl', options.method.name);
  const batch = options.batchSize / options.accumulate;
  const faults = Number.isInteger(batch) ? (plugin.check?.(options.method.options, { batch }) ?? []) : [];
  const adversary = options.adversary && adversaryFault(plugin.views(options.method.options));
  const reference = options.reference ? referenceFault(options.reference) : undefined;
  return [
    ...startFaults(options),
    ...checkTraining(context, options),
    ...workersFault(context, `method: '${options.method.name}'`, plugin.manyWorkers),
    ...faults,
    ...cropFaults(options, plugin.views(options.method.options)),
    ...positivesFaults(options),
    adversary,
    reference,
  ].filter((fault) => fault !== undefined);
}

async function pretrain(
  session: Session,
  context: StageContext,
  options: Options,
  { corpus, init }: { corpus: TrainingData; init?: Model },
) {
  const { trainer, plan } = await prepare(session, context, options);
  const { networks } = trainer.method;
  // A teacher starts equal to its student.
  if (init) for (const { scope } of Object.values(networks)) await loadWeights(session, scope, init);
  const [network] = Object.values(networks);
  const { features, method, backbone } = options;
  // A recipe that runs several methods gives all of them the same lengths.
  if (options.localSeconds !== undefined && plan.count.local === 0)
    context.log(`localSeconds is not used: '${method.name}' cuts no local crops with these options`);
  const positives =
    options.positives && openPositives(session, context, options.positives, { corpus, features, network });
  const reference = options.reference ? openReference(options.reference, context) : undefined;
  const { steps, batchesPerEpoch, collapse } = await trainOnCrops(session, context, options, {
    network: backbone.name,
    shards: corpus.train,
    plan,
    calls: callsOf(trainer, plan),
    guard: { ...options.guard, size: network.embeddingSize },
    average: trainer.average,
    states: positives ? [positives] : [],
    sources: positives?.sources,
    async step(batch, position, rate) {
      const metrics = await trainer.step(batch, position.step, { rate, ...trainer.method.schedule?.(position) });
      reference?.see(position, metrics);
      return { ...metrics, ...positives?.measure(batch) };
    },
  });
  const averaged = await trainer.average.result(steps);
  await exportNetworks(session, networks, {
    dir: context.dir,
    method: method.name,
    backbone,
    features,
    averaged: averaged?.weights,
    ...(options.stored && { hearing: 'unchanged' as const }),
  });
  return {
    method: method.name,
    networks: Object.keys(networks),
    steps,
    epochs: steps / batchesPerEpoch,
    audioSeconds: steps * options.batchSize * cropSeconds(plan.count, options),
    parameters: countParameters(network),
    embeddingSize: network.embeddingSize,
    ...(averaged?.epochs && { averagedEpochs: averaged.epochs }),
    ...(positives && { positives: positives.result() }),
    collapse: collapse.map(collapseResult),
    ...(reference && { reference: reference.result() }),
  };
}

const collapseResult = (event: CollapseEvent) => ({ ...event, message: describeSuspicion(event) });

/** The method with its step, and the crops it is trained on. */
async function prepare(session: Session, context: Preparation, options: Options) {
  const { registry, seed } = context;
  const { method, features, batchSize, accumulate, optimizer, adversary, average, speeds } = options;
  const plugin = await registry.load('ssl', method.name);
  const crops = plugin.views(method.options);
  const trainer = createPretrainer({
    session,
    seed,
    crops,
    batchSize,
    accumulate,
    optimizer,
    adversary,
    average,
    speeds,
    backbone: await backboneBuilder(registry, options.backbone, features.bins),
    view: await cropView(context, options),
    build: (parts) => plugin.build({ ...parts, options: method.options }),
  });
  return { trainer, plan: cropPlan(crops, options) };
}

/** The compiled calls of the first update, on silence. */
const callsOf =
  ({ functions, method }: Pretrainer, plan: CropPlan) =>
  (batchSize: number) =>
    functions(silentCrops(plan, batchSize), {
      rate: 0,
      ...method.schedule?.({ step: 0, steps: 1, epoch: 0 }),
      step: 0,
    });
