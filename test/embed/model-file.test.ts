import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { filesOfModel } from '../../src/tools/describe-model.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { smallFeatures } from '../helpers/training/small-training.js';

const INFO = {
  origin: 'dino teacher',
  backbone: { name: 'tdnn', options: { width: 8 } },
  features: smallFeatures,
  embeddingSize: 3,
};
const WEIGHTS = { 'embedding/bias': float32([1, 2, 3]), 'mean-embedding': float32([9], [1, 1]) };
const FILE = 'model.safetensors';

test('a model comes back as it was written, with and without a mean', (t) => {
  const dir = temporaryFolder(t);
  writeModel(dir, INFO, WEIGHTS);
  t.deepEqual(readModel(dir), { dir, info: { format: 'voxloop-model-1', ...INFO }, weights: WEIGHTS, mean: null });
  const mean = Float32Array.of(0.5, -1, 2);
  writeModel(dir, INFO, WEIGHTS, mean);
  const model = readModel(dir);
  t.deepEqual(model.mean, mean);
  // A weight may be named like the mean: weights have a prefix of their own.
  t.deepEqual(model.weights, WEIGHTS);
});

test('weights of any floating-point type are float32 once they are read', (t) => {
  const dir = temporaryFolder(t);
  const weights: Record<string, HostTensor> = {
    half: { dtype: 'float16', shape: [1, 2], data: Uint16Array.of(0x3555, 0xc500) },
    brain: { dtype: 'bfloat16', shape: [1], data: Uint16Array.of(0x3fc0) },
    double: { dtype: 'float64', shape: [1], data: Float64Array.of(0.1) },
  };
  writeModel(dir, INFO, weights);
  const { tensors, metadata } = readSafetensors(join(dir, FILE));
  tensors['mean-embedding'] = { dtype: 'float16', shape: [3], data: Uint16Array.of(0x3555, 0, 0x8000) };
  writeSafetensors(join(dir, FILE), tensors, metadata);
  t.deepEqual(readModel(dir).mean, Float32Array.of(0.333251953125, 0, -0));
  t.deepEqual(readModel(dir).weights, {
    half: float32([0.333251953125, -5], [1, 2]),
    brain: float32([1.5]),
    double: float32([0.1]),
  });
});

test('equal models are equal bytes', (t) => {
  const [a, b] = [temporaryFolder(t), temporaryFolder(t)];
  writeModel(a, INFO, WEIGHTS);
  writeModel(b, INFO, Object.fromEntries(Object.entries(WEIGHTS).reverse()));
  t.deepEqual(readFileSync(join(a, FILE)), readFileSync(join(b, FILE)));
});

test('of a run the message names the folders that hold models', (t) => {
  const run = temporaryFolder(t);
  const folders = ['a', 'b'].map((stage) => join(run, 'stages', stage, 'model'));
  for (const folder of folders) writeModel(folder, INFO, WEIGHTS);
  t.throws(() => readModel(run), {
    instanceOf: UserError,
    message: new RegExp(`missing\\). Name ${folders.join(' or ')}\\.$`),
  });
  const stage = join(run, 'stages', 'b');
  t.throws(() => filesOfModel(stage), {
    instanceOf: UserError,
    message: new RegExp(`there\\). Name ${folders[1]}\\.$`),
  });
});

test('what is no model is refused, naming the file', (t) => {
  const dir = temporaryFolder(t);
  const refused = (message: RegExp) => {
    const error = t.throws(() => readModel(dir), { instanceOf: UserError, message });
    t.true(error.message.includes(dir));
  };
  refused(/holds no model .*A run writes one to RUN/);
  writeSafetensors(join(dir, FILE), WEIGHTS, {});
  refused(/is not a model this version of voxloop reads/);
  writeSafetensors(join(dir, FILE), WEIGHTS, { voxloop: '{"format": "voxloop-model-1"' });
  refused(/is not a model this version of voxloop reads/);
  writeSafetensors(join(dir, FILE), WEIGHTS, { voxloop: JSON.stringify({ format: 'voxloop-model-2', ...INFO }) });
  refused(/is not a model this version of voxloop reads:.*voxloop-model-1.*format/s);
  writeModel(dir, INFO, WEIGHTS);
  truncateSync(join(dir, FILE), readFileSync(join(dir, FILE)).length - 1);
  refused(/cut short/);
});
