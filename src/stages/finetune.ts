import { join } from 'node:path';
import { z } from 'zod';
import type { FeatureDefinition } from '../audio/features.js';
import type { CropPlan } from '../data/crops.js';
import { labelled, labelsOf } from '../data/sampler.js';
import { computeType } from '../engine/compute-type.js';
import type { Session } from '../engine/session.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../pipeline/define.js';
import { artifact, pluginChoice } from '../pipeline/options.js';
import type { Artifact, SketchContext, StageContext } from '../pipeline/stage.js';
import { loadWeights, saveWeights } from '../train/extract.js';
import { createFinetuner, type FinetuneParts, type Finetuner } from '../train/finetune.js';
import type { GateKeeper } from '../train/gate-keeper.js';
import { readModel, writeModel } from '../train/model-file.js';
import { openCorpus } from './corpus-data.js';
import { openGate, readLabels, startPrototypes } from './pseudo-labels.js';
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
  gateFromEpoch: z.number().int().positive().default(2).describe('first epoch in which the gate decides'),
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
  check: checkTraining,
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
        return callsOf(trainer, plan)(settings.batchSize);
      },
    };
  },
  async run(context, given) {
    const compute = await computeType(context.device, given.compute, context.threads);
    return withSession({ ...context, name: 'finetune', compute }, (session) => finetune(session, context, given));
  },
});

async function finetune(session: Session, context: StageContext, given: Options) {
  const { train } = openCorpus(context.artifact(given.corpus));
  const labels = readLabels(context.artifact(given.clusters), train.ids.length);
  const init = readModel(initDir(context.artifact(given.init)));
  const { trainer, plan } = await prepare(session, context, given, {
    features: init.info.features,
    backbone: await modelBuilder(context.registry, init.info),
    classes: 1 + labels.reduce((a, b) => Math.max(a, b), -1),
  });
  await loadWeights(session, trainer.scope, init);
  if (given.prototypes) await startPrototypes(session, trainer, labels, context.artifact(given.prototypes));

  const gate = await openGate(context, given, labels.length);
  const { steps, batchesPerEpoch } = await trainOnCrops(session, context, given, {
    ...{ shards: train, plan, subset: labelled(labels), calls: callsOf(trainer, plan) },
    async step(batch, { step }, rate) {
      const limit = gate.limit(batch.epoch);
      const [metrics, losses] = await trainer.step(batch, labelsOf(labels, batch.utterances), step, rate, limit);
      gate.record(batch.utterances, losses);
      return Number.isFinite(limit) ? { ...metrics, gate: limit } : metrics;
    },
    hostState: () => gate.state(),
    restore: (state) => gate.restore(state),
  });
  return finish(session, trainer, context, { gate, init, labels, epochs: Math.ceil(steps / batchesPerEpoch), steps });
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

/** What the first update runs on silence. */
const callsOf =
  ({ functions }: Finetuner, plan: CropPlan) =>
  (batchSize: number) =>
    functions(silentCrops(plan, batchSize), new Int32Array(batchSize), { gate: 0, rate: 0, step: 0 });

/** Classes where nobody says how many. */
const ASSUMED_CLASSES = 1000;
const clusterOptions = z.object({ algorithm: z.object({ options: z.object({ clusters: z.number() }) }) });

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

/** Writes the network, the last losses and what the gate would keep of them. */
async function finish(
  session: Session,
  trainer: Finetuner,
  { dir }: StageContext,
  done: { gate: GateKeeper; init: ReturnType<typeof readModel>; labels: Int32Array; epochs: number; steps: number },
) {
  const { gate, init, labels, epochs, steps } = done;
  const { format: _, ...info } = init.info;
  const weights = await saveWeights(session, trainer.scope);
  writeModel(join(dir, 'models', 'network'), { ...info, origin: `classifier from ${init.info.origin}` }, weights);
  writeNpy(join(dir, 'losses.npy'), [labels.length], gate.losses);
  const limit = gate.limit(epochs);
  const known = gate.losses.filter((loss) => !Number.isNaN(loss));
  const kept = known.filter((loss) => loss <= limit).length / Math.max(known.length, 1);
  return { networks: ['network'], steps, gate: Number.isFinite(limit) ? limit : null, kept };
}

const made = z.object({ networks: z.array(z.string()).min(1) });
const initDir = ({ dir, result }: Artifact): string => join(dir, 'models', made.parse(result).networks[0]);
