import { join } from 'node:path';
import { z } from 'zod';
import type { ShardSet } from '../data/shards/shards.js';
import { extractAll, openModelExtractors } from '../embed/extract.js';
import { writeModel } from '../embed/model-file.js';
import { weightsIdentity } from '../embed/weights-identity.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import { meanEmbedding } from '../eval/cosine-scoring.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import type { CheckContext } from '../plugin/stage.js';
import { joinRows, rowsOf } from '../rows.js';
import { openTraining, openTrialLists } from './artifacts/corpus-data.js';
import { COPIES, embeddingsResult } from './artifacts/embeddings-data.js';
import { networkName, openModelArtifact } from './artifacts/model-artifact.js';
import { openListEmbedder } from './evaluate/list-embeddings.js';
import { cropView, modelBuilder } from './training/resolve-plugins.js';
import { checkSameFeatures, refuseWaveChanges } from './training/stored-features.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
  copies: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      'how often each training utterance is also embedded through `augmentation`, for a back-end to learn from',
    ),
  augmentation: z.array(pluginChoice('augmentation')).default([]).describe('what is applied to those copies'),
});

/**
 * Embeds every training and test utterance once. Writes train.npy and one file for each trial list, in shard order; and augmented.npy,
 * all training utterances through the augmentation, then all of them again, as often as `copies` says.
 */
export default defineStage({
  name: 'embed',
  summary: 'Embeds every utterance of a corpus once, with a trained network.',
  options,
  result: embeddingsResult,
  produces: 'embeddings',
  check: async (context, chosen) => [...checkLibrary(context), ...(await copyFaults(context, chosen))],
  async run(context, { corpus: corpusName, model: modelName, network: asked, copies, augmentation }) {
    const corpus = openTraining(context.artifact(corpusName));
    const lists = openTrialLists(context.artifact(corpusName), corpus.manifest);
    const network = networkName(context.artifact(modelName), asked);
    const model = openModelArtifact(context.artifact(modelName), network);
    const stored = corpus.train.features;
    if (stored) {
      checkSameFeatures(stored, model.info.features);
      await refuseWaveChanges(context.registry, { augmentation });
    }
    return withSession({ ...context, name: 'embed' }, async (session) => {
      const build = await modelBuilder(context.registry, model.info);
      const { augmentations } = await cropView(context, { augmentation, features: model.info.features });
      const [extractor, augmenting] = await openModelExtractors(session, model, build, [[], augmentations]);
      const embed = (shards: ShardSet, part: string, by = extractor) => {
        const progress = (step: number, total: number) => context.progress.update({ step, total, fields: { part } });
        return extractAll(shards, by, { progress, signal: context.signal });
      };
      const save = (name: string, vectors: Float32Array) =>
        writeNpy(join(context.dir, `${name}.npy`), [vectors.length / extractor.size, extractor.size], vectors);
      const train = await embed(corpus.train, 'train');
      save('train', train);
      if (copies > 0) {
        const augmented: Float32Array[] = [];
        for (let i = 0; i < copies; i++) augmented.push(await embed(corpus.train, `augmented ${i + 1}`, augmenting));
        save(COPIES, joinRows(augmented));
      }
      const mean = meanEmbedding(rowsOf(train, extractor.size));
      writeModel(join(context.dir, 'model'), model.info, model.weights, mean, model.packed);
      const embedList = openListEmbedder((shards) => embed(shards, 'test'), extractor.size);
      for (const list of lists) save(list.name, await embedList(list));
      const { origin, space } = model.info;
      return { network, origin, embeddingSize: extractor.size, model: weightsIdentity(model), ...(space && { space }) };
    });
  },
});

async function copyFaults({ registry }: CheckContext, { copies, augmentation }: z.output<typeof options>) {
  if (copies === 0) {
    return augmentation.length > 0 ? ["'augmentation' has no effect without 'copies'; say how many to embed."] : [];
  }
  if (augmentation.length === 0)
    return ["'copies' without 'augmentation' would embed the same audio again; say what is applied to the copies."];
  const plugins = await Promise.all(augmentation.map(({ name }) => registry.load('augmentation', name)));
  return plugins.flatMap(({ name, apply }) =>
    apply ? [] : [`'copies' need an augmentation of waveforms, and '${name}' changes features; leave it out.`],
  );
}
