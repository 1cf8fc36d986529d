import { join } from 'node:path';
import { z } from 'zod';
import { extractAll, openModelExtractor } from '../../src/embed/extract.js';
import { readModel } from '../../src/embed/model-file.js';
import { withSession } from '../../src/engine/session/with-session.js';
import { readNpy } from '../../src/io/npy.js';
import { readSafetensors } from '../../src/io/safetensors.js';
import { defineStage } from '../../src/plugin/define.js';
import { artifact } from '../../src/plugin/options.js';
import { rowsOf, unitRows } from '../../src/rows.js';
import { openTraining } from '../../src/stages/artifacts/corpus-data.js';
import { modelBuilder } from '../../src/stages/training/resolve-plugins.js';
import { trueLabels } from './corrupt-labels.js';

/** Accuracy of a classifier on the true speakers of unlabelled utterances; for measurement only. */
export default defineStage({
  name: 'held-out-accuracy',
  summary: 'True-label accuracy of a finetuned classifier on the utterances that had no label.',
  options: z.strictObject({
    corpus: artifact('corpus'),
    clusters: artifact('clusters'),
    model: artifact('model').describe('a finetune stage'),
  }),
  produces: 'accuracy',
  async run(context, given) {
    const corpus = openTraining(context.artifact(given.corpus));
    const labels = readNpy(join(context.artifact(given.clusters).dir, 'labels.npy')).data as Int32Array;
    const held = [...labels.keys()].filter((i) => labels[i] < 0);
    const { files, shard, offset, samples } = corpus.train;
    const layout = {
      files,
      shard: shard.filter((_, i) => labels[i] < 0),
      offset: offset.filter((_, i) => labels[i] < 0),
      samples: samples.filter((_, i) => labels[i] < 0),
    };
    const { dir } = context.artifact(given.model);
    const model = readModel(join(dir, 'models', 'network'));
    const vectors = await withSession({ ...context, name: 'held-out' }, async (session) => {
      const extractor = await openModelExtractor(session, model, await modelBuilder(context.registry, model.info));
      return extractAll(layout, extractor, { signal: context.signal });
    });
    const { tensors } = readSafetensors(join(dir, 'checkpoint.safetensors'));
    const { shape, data } = tensors['network/classifier/prototypes'];
    const [size, classes] = shape;
    const prototypes = unitRows(transposed(data as Float32Array, size, classes), size);
    const truth = trueLabels(corpus);
    const right = [...rowsOf(vectors, size)].filter((row, i) => nearest(row, prototypes, size) === truth[held[i]]);
    return { accuracy: right.length / held.length, utterances: held.length };
  },
});

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  return new Float32Array(data.length).map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]);
}

/** Row of `rows` with the largest product. */
function nearest(vector: Float32Array, rows: Float32Array, size: number): number {
  const products = [...rowsOf(rows, size)].map((row) => row.reduce((sum, value, d) => sum + value * vector[d], 0));
  return products.indexOf(Math.max(...products));
}
