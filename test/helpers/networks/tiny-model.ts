import { embedFiles } from '../../../src/embed/embed-files.js';
import { createExtractor, saveWeights } from '../../../src/embed/extract.js';
import { writeModel } from '../../../src/embed/model-file.js';
import { meanEmbedding } from '../../../src/eval/cosine-scoring.js';
import { createScope } from '../../../src/nn/scope.js';
import { rowsOf } from '../../../src/rows.js';
import { withSession } from '../session.js';
import { BINS, EMBEDDING, smallFeatures } from '../training/small-training.js';
import { backboneOf } from './build-backbone.js';

const size = { width: 8, embeddingSize: EMBEDDING, pooling: { name: 'tstp' } };
const NETWORKS = {
  tdnn: { ...size, embeddingNorm: false },
  /** Its convolutions are not padded: it needs 15 frames. */
  xvector: { ...size, padding: 'valid' },
};

interface TinyModel {
  network?: keyof typeof NETWORKS;
  seed?: number;
  /** Channels of its layers. Default: 8. */
  width?: number;
  /** Recordings that give its mean embedding; without any it has none. */
  files?: readonly string[];
}

/** Writes a model folder: an untrained network of six numbers an embedding. */
export async function writeTinyModel(
  dir: string,
  { network = 'tdnn', seed = 3, width = size.width, files = [] }: TinyModel = {},
): Promise<void> {
  const options = { ...NETWORKS[network], width };
  const build = await backboneOf(network, options, BINS);
  await withSession(async (session) => {
    const scope = createScope(session, 'model', seed);
    const backbone = build(scope);
    const extractor = createExtractor(session, smallFeatures, EMBEDDING, backbone.embed);
    const mean = files.length > 0 ? await meanOf(files) : null;
    const info = { origin: `tiny ${seed}`, backbone: { name: network, options }, features: smallFeatures };
    writeModel(dir, { ...info, embeddingSize: EMBEDDING }, await saveWeights(session, scope), mean);

    async function meanOf(paths: readonly string[]) {
      const { vectors } = await embedFiles(paths, extractor, { skipBad: false });
      return meanEmbedding(rowsOf(vectors, EMBEDDING));
    }
  });
}
