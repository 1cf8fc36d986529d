import { join } from 'node:path';
import { z } from 'zod';
import type { ShardSet } from '../data/shards/shards.js';
import { extractAll, openModelExtractors } from '../embed/extract.js';
import { readModel, writeModel } from '../embed/model-file.js';
import { weightsIdentity } from '../embed/weights-identity.js';
import { checkLibrary, withSession } from '../engine/session/with-session.js';
import { meanEmbedding } from '../eval/cosine-scoring.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../plugin/define.js';
import { artifact, pluginChoice } from '../plugin/options.js';
import type { CheckContext } from '../plugin/stage.js';
import { joinRows, rowsOf } from '../rows.js';
import { openCorpus } from './artifacts/corpus-data.js';
import { COPIES } from './artifacts/embeddings-data.js';
import { openListEmbedder } from './evaluate/list-embeddings.js';
import { cropView, modelBuilder } from './training/resolve-plugins.js';

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
      'times that each training utterance is embedded through `augmentation` too, for a back-end to learn from',
    ),
  augmentation: z.array(pluginChoice('augmentation')).default([]).describe('what those copies are heard through'),
});

const made = z.object({ networks: z.array(z.string()).min(1) });

/**
 * Embeds every training and test utterance once. Writes train.npy and one file for each trial list, in shard order; and augmented.npy,
 * all training utterances through the augmentation, then all of them again, as often as `copies` says.
 */
export default defineStage({
  name: 'embed',
  summary: 'Embeds every utterance of a corpus once, with a trained network.',
  options,
  produces: 'embeddings',
  check: async (context, given) => [...checkLibrary(context), ...(await copyFaults(context, given))],
  async run(context, given) {
    const corpus = openCorpus(context.artifact(given.corpus));
    const source = context.artifact(given.model);
    const network = given.network ?? made.parse(source.result).networks[0];
    const model = readModel(join(source.dir, 'models', network));
    return withSession({ ...context, name: 'embed' }, async (session) => {
      const build = await modelBuilder(context.registry, model.info);
      const { augmentations } = await cropView(context, { ...given, features: model.info.features });
      const [extractor, augmenting] = await openModelExtractors(session, model, build, [[], augmentations]);
      const embed = (shards: ShardSet, part: string, by = extractor) => {
        const progress = (step: number, total: number) => context.progress.update({ step, total, fields: { part } });
        return extractAll(shards, by, { progress, signal: context.signal });
      };
      const save = (name: string, vectors: Float32Array) =>
        writeNpy(join(context.dir, `${name}.npy`), [vectors.length / extractor.size, extractor.size], vectors);
      const train = await embed(corpus.train, 'train');
      save('train', train);
      if (given.copies > 0) {
        const copies: Float32Array[] = [];
        for (let i = 0; i < given.copies; i++) copies.push(await embed(corpus.train, `augmented ${i + 1}`, augmenting));
        save(COPIES, joinRows(copies));
      }
      const mean = meanEmbedding(rowsOf(train, extractor.size));
      writeModel(join(context.dir, 'model'), model.info, model.weights, mean);
      const embedList = openListEmbedder((shards) => embed(shards, 'test'), extractor.size);
      for (const list of corpus.lists) save(list.name, await embedList(list));
      const { origin } = model.info;
      return { network, origin, embeddingSize: extractor.size, model: weightsIdentity(model) };
    });
  },
});

async function copyFaults({ registry }: CheckContext, { copies, augmentation }: z.output<typeof options>) {
  if (copies === 0) {
    return augmentation.length > 0 ? ["'augmentation' is for 'copies', which is 0; say how many copies to embed."] : [];
  }
  if (augmentation.length === 0)
    return ["'copies' without 'augmentation' would embed the same again; say what the copies are heard through."];
  const plugins = await Promise.all(augmentation.map(({ name }) => registry.load('augmentation', name)));
  return plugins.flatMap(({ name, apply }) =>
    apply ? [] : [`'copies' are heard through what changes waveforms, and '${name}' changes features; leave it out.`],
  );
}
