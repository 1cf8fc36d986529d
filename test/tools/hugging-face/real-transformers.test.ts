import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { embedPieces } from '../../../src/embed/embed-pieces.js';
import { readModel, writeModel } from '../../../src/embed/model-file.js';
import { exportHuggingFace } from '../../../src/tools/hugging-face/export-folder.js';
import { openModel } from '../../../src/tools/open-model.js';
import { sound } from '../../helpers/corpora/sound.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

// transformers.js is no dependency: this runs where VOXLOOP_TEST_TRANSFORMERS names a folder in which @huggingface/transformers is installed.
const project = process.env.VOXLOOP_TEST_TRANSFORMERS;

/** As much of its interface as is used. */
interface Transformers {
  env: { allowRemoteModels: boolean; localModelPath: string };
  AutoProcessor: { from_pretrained(name: string): Promise<(samples: Float32Array) => Promise<unknown>> };
  AutoModel: { from_pretrained(name: string, options: { dtype: string }): Promise<Run> };
}
type Run = (inputs: unknown) => Promise<{ last_hidden_state: { dims: number[]; data: Float32Array } }>;

const title = 'transformers.js loads a folder for Hugging Face and gives the vectors of voxloop';
if (project) {
  test(title, async (t) => {
    t.timeout(120_000);
    const dir = temporaryFolder(t);
    await writeTinyModel(join(dir, 'levelled'));
    const { info, weights } = readModel(join(dir, 'levelled'));
    writeModel(join(dir, 'model'), { ...info, hearing: 'unchanged' }, weights);
    await exportHuggingFace(join(dir, 'model'), join(dir, 'hub'));
    const entry = createRequire(join(project, 'package.json')).resolve('@huggingface/transformers');
    const { env, AutoProcessor, AutoModel } = (await import(pathToFileURL(entry).href)) as Transformers;
    env.allowRemoteModels = false;
    env.localModelPath = `${dir}/`;
    const processor = await AutoProcessor.from_pretrained('hub');
    const network = await openModel(join(dir, 'model'), { device: 'cpu' });
    const pieces = [sound(48000), sound(16037, { level: 300 }), sound(4001)];
    const expected = await embedPieces(pieces, network.extractor);
    await network.close();
    const rms = Math.hypot(...expected) / Math.sqrt(expected.length);
    // Weights of the tiny network are too small to be rounded: every type is the same.
    for (const dtype of ['fp32', 'fp16', 'q8']) {
      const model = await AutoModel.from_pretrained('hub', { dtype });
      for (const [i, pcm] of pieces.entries()) {
        const samples = Float32Array.from(pcm, (value) => value / 32768);
        const { dims, data } = (await model(await processor(samples))).last_hidden_state;
        t.deepEqual(dims, [1, info.embeddingSize]);
        const worst = Math.max(...data.map((value, k) => Math.abs(value - expected[i * info.embeddingSize + k])));
        t.true(worst < 1e-4 * rms, `${dtype}, ${pcm.length} samples: ${worst / rms}`);
      }
    }
  });
} else test.skip(`${title} (VOXLOOP_TEST_TRANSFORMERS names a folder with @huggingface/transformers)`, () => {});
