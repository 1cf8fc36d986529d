import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { embedPieces } from '../../../src/embed/embed-pieces.js';
import { openOnnxExtractor } from '../../../src/embed/onnx/onnx-extractor.js';
import { readOnnxModel } from '../../../src/embed/onnx/onnx-model.js';
import { findRuntime, loadRuntime } from '../../../src/embed/onnx/runtime.js';
import { exportOnnx } from '../../../src/tools/export-onnx.js';
import { openModel } from '../../../src/tools/open-model.js';
import { sound } from '../../helpers/corpora/sound.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { EMBEDDING } from '../../helpers/training/small-training.js';

// onnxruntime-node is no dependency: these run where it is installed in a folder above this one, or in VOXLOOP_TEST_ONNXRUNTIME.
const project = process.env.VOXLOOP_TEST_ONNXRUNTIME;
const found = project ? findRuntime([join(project, 'package.json')]) : findRuntime();
const withRuntime = (title: string, act: (t: ExecutionContext) => Promise<void>) =>
  found
    ? test(title, act)
    : test.skip(
        `${title} (onnxruntime-node is not installed; VOXLOOP_TEST_ONNXRUNTIME names a folder where it is)`,
        act,
      );

/** The largest difference between the vectors of a model folder and of its export, in units of their root mean square. */
async function largestDifference(dir: string, pieces: Int16Array[]): Promise<number> {
  const { file } = await exportOnnx(dir);
  const folder = await openModel(dir, { device: 'cpu' });
  const exported = await openOnnxExtractor(readOnnxModel(file), 1, loadRuntime(found));
  try {
    const [a, b] = [await embedPieces(pieces, folder.extractor), await embedPieces(pieces, exported.extractor)];
    const rms = Math.hypot(...a) / Math.sqrt(a.length);
    return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / rms;
  } finally {
    await Promise.all([folder.close(), exported.close()]);
  }
}

withRuntime(
  'onnxruntime gives the vectors that TensorFlow gives, for recordings of any length and level',
  async (t) => {
    const dir = join(temporaryFolder(t), 'model');
    await writeTinyModel(dir);
    const pieces = [
      sound(48000),
      sound(12000, { level: 30 }),
      sound(9000, { before: 4000, behind: 7000 }),
      sound(16037),
      sound(410),
      new Int16Array(800),
    ];
    const worst = await largestDifference(dir, pieces);
    t.true(worst < 3e-5, String(worst));
  },
);

withRuntime('a graph of unpadded convolutions refuses too few frames, and takes them with zeros behind', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir, { network: 'xvector' });
  // 15 frames and more are as TensorFlow's; 3 frames are embedded, though not alike.
  const worst = await largestDifference(dir, [sound(2640), sound(16037)]);
  t.true(worst < 3e-5, String(worst));
  const { extractor, close } = await openOnnxExtractor(readOnnxModel(join(dir, 'model.onnx')), 1, loadRuntime(found));
  const vectors = await embedPieces([sound(720)], extractor);
  await close();
  t.is(vectors.length, EMBEDDING);
  t.true(vectors.every(Number.isFinite));
});
