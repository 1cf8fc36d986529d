import { join } from 'node:path';
import { z } from 'zod';
import type { ShardSet } from '../data/shards.js';
import { meanEmbedding } from '../eval/cosine-scoring.js';
import { rowsOf } from '../eval/rows.js';
import { writeNpy } from '../io/npy.js';
import { defineStage } from '../pipeline/define.js';
import { artifact } from '../pipeline/options.js';
import { extractAll, openModelExtractor } from '../train/extract.js';
import { readModel, writeModel } from '../train/model-file.js';
import { openCorpus } from './corpus-data.js';
import { openListEmbedder } from './list-embeddings.js';
import { modelBuilder } from './resolve-plugins.js';
import { checkLibrary, withSession } from './with-session.js';

const options = z.strictObject({
  corpus: artifact('corpus'),
  model: artifact('model'),
  network: z.string().optional().describe("which of the model's networks; default: the one that is the result"),
});

const made = z.object({ networks: z.array(z.string()).min(1) });

/** Embeds every training and test utterance once. Writes train.npy and one file for each trial list, in shard order. */
export default defineStage({
  name: 'embed',
  summary: 'Embeds every utterance of a corpus once, with a trained network.',
  options,
  produces: 'embeddings',
  check: checkLibrary,
  async run(context, given) {
    const corpus = openCorpus(context.artifact(given.corpus));
    const source = context.artifact(given.model);
    const network = given.network ?? made.parse(source.result).networks[0];
    const model = readModel(join(source.dir, 'models', network));
    return withSession({ ...context, name: 'embed' }, async (session) => {
      const extractor = await openModelExtractor(session, model, await modelBuilder(context.registry, model.info));
      const embed = (shards: ShardSet, part: string) => {
        const progress = (step: number, total: number) => context.progress.update({ step, total, fields: { part } });
        return extractAll(shards, extractor, { progress, signal: context.signal });
      };
      const save = (name: string, vectors: Float32Array) =>
        writeNpy(join(context.dir, `${name}.npy`), [vectors.length / extractor.size, extractor.size], vectors);
      const train = await embed(corpus.train, 'train');
      save('train', train);
      const mean = meanEmbedding(rowsOf(train, extractor.size));
      writeModel(join(context.dir, 'model'), model.info, model.weights, mean);
      const embedList = openListEmbedder((shards) => embed(shards, 'test'), extractor.size);
      for (const list of corpus.lists) save(list.name, await embedList(list));
      return { network, origin: model.info.origin, embeddingSize: extractor.size };
    });
  },
});
