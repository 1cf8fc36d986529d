import { join } from 'node:path';
import { z } from 'zod';
import { featureDefinition } from '../audio/features.js';
import type { CropPlan } from '../data/crops.js';
import { computeType } from '../engine/compute-type.js';
import type { Session } from '../engine/session.js';
import { defineStage } from '../pipeline/define.js';
import { artifact, asWritten, pluginChoice } from '../pipeline/options.js';
import type { StageContext } from '../pipeline/stage.js';
import { saveWeights } from '../train/extract.js';
import { writeModel } from '../train/model-file.js';
import { createPretrainer, type Pretrainer } from '../train/pretrain.js';
import { openCorpus } from './corpus-data.js';
import { backboneBuilder, cropView } from './resolve-plugins.js';
import { silentCrops } from './silent-crops.js';
import { trainOnCrops } from './train-on-crops.js';
import { checkTraining, convertibleOptions, cropSamples, trainingOptions } from './training-options.js';
import { withSession } from './with-session.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  method: pluginChoice('ssl'),
  backbone: pluginChoice('backbone'),
  features: featureDefinition.prefault({}),
  globalSeconds: z.number().positive().default(3).describe('length of global crops'),
  localSeconds: z.number().positive().default(2).describe('length of local crops'),
  ...trainingOptions,
});
type Options = z.output<typeof options>;

/** Trains a backbone without labels. With 0 steps it writes the untrained network, to compare with. */
export default defineStage({
  name: 'pretrain',
  summary: 'Trains a backbone without labels, by a self-supervised method.',
  options,
  produces: 'model',
  convertible: convertibleOptions,
  check: checkTraining,
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

async function pretrain(session: Session, context: StageContext, given: Options) {
  const { train } = openCorpus(context.artifact(given.corpus));
  const { trainer, plan } = await prepare(session, context, given);
  const { steps } = await trainOnCrops(session, context, given, {
    ...{ shards: train, plan, calls: callsOf(trainer, plan) },
    step: (batch, moment, rate) => trainer.step(batch, moment.step, { rate, ...trainer.method.schedule?.(moment) }),
  });
  await exportNetworks(session, trainer, context, given);
  return { networks: Object.keys(trainer.method.networks), steps, parameters: countParameters(trainer) };
}

/** What is trained, and on which crops. */
async function prepare(session: Session, { registry, seed }: Pick<StageContext, 'registry' | 'seed'>, given: Options) {
  const plugin = await registry.load('ssl', given.method.name);
  const count = plugin.views(given.method.options);
  const rateHz = given.features.sampleRateHz;
  const samples = { global: cropSamples(given.globalSeconds, rateHz), local: cropSamples(given.localSeconds, rateHz) };
  const trainer = createPretrainer({
    ...{ session, seed, crops: count, batchSize: given.batchSize },
    ...{ accumulate: given.accumulate, optimizer: given.optimizer },
    backbone: await backboneBuilder(registry, given.backbone, given.features.bins),
    view: await cropView(registry, given),
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

/** Writes every network of the method to models/<name>; the first is the method's result. */
async function exportNetworks(session: Session, { method }: Pretrainer, { dir }: StageContext, given: Options) {
  for (const [name, network] of Object.entries(method.networks)) {
    const info = {
      origin: `${given.method.name} ${name}`,
      backbone: { name: given.backbone.name, options: asWritten(given.backbone.options) as Record<string, unknown> },
      features: given.features,
      embeddingSize: network.embeddingSize,
    };
    writeModel(join(dir, 'models', name), info, await saveWeights(session, network.scope));
  }
}

function countParameters({ method }: Pretrainer): number {
  const [network] = Object.values(method.networks);
  return network.scope.params().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
