import { z } from 'zod';
import { createLoader } from '../data/crops/loader.js';
import { heldOut } from '../data/held-out.js';
import { loadWeights } from '../embed/extract.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import { UserError } from '../errors.js';
import { createScope } from '../nn/scope.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import { scoreCropTrials } from '../train/crop-trials.js';
import { openTraining } from './artifacts/corpus-data.js';
import { openModelArtifact } from './artifacts/model-artifact.js';
import { cropView, modelBuilder } from './training/resolve-plugins.js';
import { checkSameFeatures, refuseWaveChanges } from './training/stored-features.js';
import { cropSamples } from './training/training-options.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  holdOut: z.number().min(0).max(0.5).default(0).describe('share of the training utterances to use; 0: all of them'),
  augmentation: z.array(pluginChoice('augmentation')).default([]).describe('applied to every crop on its own'),
  cropSeconds: z.number().positive().default(2),
  batchSize: z.number().int().min(2).default(32).describe('utterances compared with each other'),
  batches: z.number().int().positive().default(64),
});

const result = z.object({ eer: z.number(), trials: z.number(), utterances: z.number() });

/**
 * Scores a network without a label: two crops of an utterance against crops of two utterances. `holdOut` names the utterances that a
 * cluster stage with the same share kept out of training.
 */
export default defineStage({
  name: 'crop-trials',
  summary: 'Scores a network without labels: crops of the same utterance against crops of others.',
  options,
  result,
  check: checkLibrary,
  async run(context, { corpus, model: modelName, network, holdOut, augmentation, cropSeconds, batches, ...settings }) {
    const { train } = openTraining(context.artifact(corpus));
    const model = openModelArtifact(context.artifact(modelName), network);
    const { features } = model.info;
    const subset = holdOut > 0 ? heldOut(train.ids.length, holdOut, context.seed) : undefined;
    const utterances = subset?.length ?? train.ids.length;
    if (utterances < 2) throw new UserError(`Crop trials need two utterances; there is ${utterances}.`);
    const batchSize = Math.min(settings.batchSize, utterances);
    const global = cropSamples(cropSeconds, features.sampleRateHz);
    const stored = train.features;
    if (stored) {
      checkSameFeatures(stored, features);
      await refuseWaveChanges(context.registry, { augmentation });
    }
    const plan = { count: { global: 2, local: 0 }, samples: { global, local: 0 }, disjoint: true, stored };
    const build = await modelBuilder(context.registry, model.info);
    const view = await cropView(context, { augmentation, features });
    const loader = createLoader({ shards: train, batchSize, plan, seed: `${context.seed}/crop-trials`, subset });
    try {
      return await withSession({ ...context, name: 'crop-trials' }, async (session) => {
        const scope = createScope(session, 'model', 0);
        const backbone = build(scope);
        await loadWeights(session, scope, model);
        const progress = (step: number, total: number) => context.progress.update({ step, total });
        const { signal } = context;
        const scored = await scoreCropTrials({ session, backbone, view, loader, batchSize, batches, signal, progress });
        return { ...scored, utterances };
      });
    } finally {
      await loader.close();
    }
  },
});
