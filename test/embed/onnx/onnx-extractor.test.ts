import { join } from 'node:path';
import test from 'ava';
import { embedPieces } from '../../../src/embed/embed-pieces.js';
import { readModel } from '../../../src/embed/model-file.js';
import { openOnnxExtractor } from '../../../src/embed/onnx/onnx-extractor.js';
import { readOnnxModel } from '../../../src/embed/onnx/onnx-model.js';
import type { RuntimeTensor } from '../../../src/embed/onnx/runtime.js';
import { weightsIdentity } from '../../../src/embed/weights-identity.js';
import { UserError } from '../../../src/errors.js';
import { identityOf } from '../../../src/speakers/model-identity.js';
import { exportOnnx } from '../../../src/tools/export-onnx.js';
import { openModel } from '../../../src/tools/open-model.js';
import { sound } from '../../helpers/corpora/sound.js';
import { standInRuntime } from '../../helpers/networks/stand-in-runtime.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, EMBEDDING } from '../../helpers/training/small-training.js';

test('an export gives the vectors of its folder for recordings of any length and level, whatever they are batched with', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir);
  const { file } = await exportOnnx(dir);
  t.is(file, join(dir, 'model.onnx'));
  const pieces = [
    sound(12000),
    sound(12000, { level: 30 }),
    sound(9000, { before: 4000, behind: 7000 }),
    sound(16037),
    sound(410),
    // Less sound than a frame: the noise that is heard with it fills the frame up.
    sound(90, { before: 3000, behind: 3000 }),
    new Int16Array(800),
  ];
  const folder = await openModel(dir, { device: 'cpu' });
  const exported = await openOnnxExtractor(readOnnxModel(file), 1, standInRuntime);
  try {
    const expected = await embedPieces(pieces, folder.extractor);
    const found = await embedPieces(pieces, exported.extractor);
    t.is(found.length, pieces.length * EMBEDDING);
    const size = Math.hypot(...expected) / Math.sqrt(expected.length);
    expected.forEach((value, i) => {
      t.true(Math.abs(value - found[i]) < 1e-4 * size, `piece ${Math.floor(i / EMBEDDING)}: ${value} ${found[i]}`);
    });
  } finally {
    await Promise.all([folder.close(), exported.close()]);
  }
});

test('an export carries description, mean and identities of its model; rounded weights are a model of their own', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir);
  const model = readModel(dir);
  const whole = readOnnxModel((await exportOnnx(dir)).file);
  t.deepEqual(whole.info, model.info);
  t.deepEqual([whole.dir, whole.mean], [dir, null]);
  t.deepEqual(whole.identity(), identityOf(model));
  t.deepEqual(whole.weightsIdentity(), weightsIdentity(model));
  const rounded = readOnnxModel((await exportOnnx(dir, join(dir, 'small.onnx'), { weights: 'int8' })).file);
  t.is(rounded.identity().name, `${whole.identity().name}, weights in int8`);
  t.not(rounded.identity().digest, whole.identity().digest);
  t.not(rounded.weightsIdentity().digest, whole.weightsIdentity().digest);
});

/** A runtime whose graph refuses fewer than `least` frames and gives `size` numbers a row; `taken` are the shapes that it was given. */
function pickyRuntime({ least = 1, size = EMBEDDING } = {}) {
  const taken: number[][] = [];
  const run = async (feeds: Readonly<Record<string, RuntimeTensor>>) => {
    const { shape } = feeds.feats.data as { shape: number[] };
    taken.push(shape);
    if (shape[1] < least) throw new Error('too few frames');
    return { embs: { data: new Float32Array(shape[0] * size) } };
  };
  const InferenceSession = { create: async () => ({ inputNames: ['feats'], outputNames: ['embs'], run }) };
  return { taken, runtime: { ...standInRuntime, InferenceSession } };
}

test('a graph gets the frames that there are; one that refuses few of them gets zeros behind', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir);
  const model = { ...readOnnxModel((await exportOnnx(dir)).file), minFrames: 15 };
  const shapesOf = async (least: number) => {
    const { taken, runtime } = pickyRuntime({ least });
    // 720 samples are three frames.
    await embedPieces([sound(720)], (await openOnnxExtractor(model, 1, runtime)).extractor);
    return taken;
  };
  t.deepEqual(await shapesOf(1), [[1, 3, BINS]]);
  t.deepEqual(await shapesOf(15), [
    [1, 3, BINS],
    [1, 15, BINS],
  ]);
});

test('a graph that refuses what its file promises, or gives something else, is told with the shape and what to do', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir);
  const model = readOnnxModel((await exportOnnx(dir)).file);
  for (const [network, reason] of [
    [{ least: 200 }, 'too few frames'],
    [{ size: 4 }, `it does not give ${EMBEDDING} numbers for each of 1 recordings`],
  ] as const) {
    const { extractor } = await openOnnxExtractor(model, 1, pickyRuntime(network).runtime);
    const error = await t.throwsAsync(() => embedPieces([sound(16000)], extractor), { instanceOf: UserError });
    const place = `onnxruntime cannot run ${model.path} on features [1, 98, ${BINS}]`;
    t.is(error?.message, `${place}: ${reason}. Export the model again, or copy the file again.`);
  }
});

test('recordings are run one by one or with others of the same length, in no more memory than one of two minutes takes', async (t) => {
  const dir = join(temporaryFolder(t), 'model');
  await writeTinyModel(dir);
  const model = readOnnxModel((await exportOnnx(dir)).file);
  const { taken, runtime } = pickyRuntime();
  const { extractor } = await openOnnxExtractor(model, 1, runtime);
  const seconds = 16000;
  await embedPieces(
    [300, 2, 2, 2, 1.5].map((length) => sound(length * seconds)),
    extractor,
  );
  t.deepEqual(
    taken.map(([rows, frames]) => [rows, frames]),
    [
      // Five minutes are three stretches of 100 s.
      [1, 9998],
      [1, 9998],
      [1, 9998],
      [3, 198],
      [1, 148],
    ],
  );
});
