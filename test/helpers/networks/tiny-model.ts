import { embedFiles } from '../../../src/embed/embed-files.js';
import { createExtractor, saveWeights } from '../../../src/embed/extract.js';
import { writeModel } from '../../../src/embed/model-file.js';
import { meanEmbedding } from '../../../src/eval/cosine-scoring.js';
import { createScope } from '../../../src/nn/scope.js';
import { rowsOf } from '../../../src/rows.js';
import { withSession } from '../session.js';
import { EMBEDDING, smallFeatures, smallTdnn } from '../training/small-training.js';

const options = { width: 8, embeddingSize: EMBEDDING, pooling: { name: 'tstp' }, embeddingNorm: false };

/** Writes a model folder: an untrained network of six numbers an embedding; `files` give its mean embedding. */
export async function writeTinyModel(dir: string, { seed = 3, files = [] as string[] } = {}): Promise<void> {
  const build = await smallTdnn();
  await withSession(async (session) => {
    const scope = createScope(session, 'model', seed);
    const backbone = build(scope);
    const extractor = createExtractor(session, smallFeatures, EMBEDDING, backbone.embed);
    const mean = files.length > 0 ? await meanOf(files) : null;
    const info = { origin: `tiny ${seed}`, backbone: { name: 'tdnn', options }, features: smallFeatures };
    writeModel(dir, { ...info, embeddingSize: EMBEDDING }, await saveWeights(session, scope), mean);

    async function meanOf(paths: string[]) {
      const { vectors } = await embedFiles(paths, extractor, { skipBad: false });
      return meanEmbedding(rowsOf(vectors, EMBEDDING));
    }
  });
}
