import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parse } from 'yaml';
import { featureDefinition } from '../../../src/audio/features/features.js';
import { type ModelInfo, readModel, writeModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import { float32, type HostTensor, sizeOf } from '../../../src/host-tensor.js';
import { openCheckpoint } from '../../../src/import/checkpoint/open-checkpoint.js';
import { publishedTensors } from '../../../src/import/names/published-tensors.js';
import { countingScope } from '../../../src/nn/counting-scope.js';
import { exportWeSpeaker } from '../../../src/tools/export-wespeaker.js';
import { importModel } from '../../../src/tools/import-model.js';
import { backboneOf } from '../../helpers/networks/build-backbone.js';
import { BACKBONES } from '../../helpers/published/networks.js';
import { runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const [BINS, SIZE] = [80, 5];

/** Weights of a network, every number another one. */
async function weightsOf(name: string, options: Record<string, unknown>, bins = BINS) {
  const { scope, shapes } = countingScope();
  (await backboneOf(name, options, bins))(scope);
  let next = 1;
  const filled = [...shapes()].map(([key, shape]): [string, HostTensor] => {
    const values = new Float32Array(sizeOf(shape));
    for (let i = 0; i < values.length; i++) values[i] = next++;
    return [key, float32(values, [...shape])];
  });
  return Object.fromEntries(filled);
}

/** A model folder of a backbone with such weights. */
async function modelIn(
  t: ExecutionContext,
  name: string,
  options: Record<string, unknown>,
  { bins = BINS, ...changes }: Partial<ModelInfo['features']> = {},
  weights?: Record<string, HostTensor>,
): Promise<string> {
  const dir = join(temporaryFolder(t), 'model');
  const features = featureDefinition.parse({ bins, ...changes });
  const info = { origin: 'drawn', backbone: { name, options }, features, embeddingSize: SIZE };
  writeModel(dir, info, weights ?? (await weightsOf(name, options, bins)));
  return dir;
}

/** A digest of every weight: comparing millions of numbers one by one takes the runner minutes. */
const digestsOf = (dir: string) =>
  Object.entries(readModel(dir).weights).map(([name, { shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return [name, shape, createHash('sha256').update(bytes).digest('hex')];
  });

/** Shapes that PyTorch has for layers of WeSpeaker's networks of width 512 and so on, by backbone: WeSpeaker `dfa7419`. */
const SHAPES: Record<string, Record<string, number[]>> = {
  resnet18: {
    'conv1.weight': [32, 1, 3, 3],
    'layer2.0.shortcut.0.weight': [64, 32, 1, 1],
    'bn1.running_mean': [32],
    'bn1.num_batches_tracked': [],
    'seg_1.weight': [SIZE, 5120],
  },
  campplus: {
    'head.conv1.weight': [32, 1, 3, 3],
    'head.layer1.0.shortcut.0.weight': [32, 32, 1, 1],
    'xvector.tdnn.linear.weight': [128, 320, 5],
    'xvector.block1.tdnnd1.linear1.weight': [128, 128, 1],
    'xvector.block1.tdnnd1.cam_layer.linear1.weight': [64, 128, 1],
    'xvector.dense.linear.weight': [SIZE, 1024, 1],
  },
  'ecapa-512-glob': {
    'layer1.conv.weight': [512, 80, 5],
    'layer2.se_res2block.3.linear1.weight': [128, 512],
    'conv.weight': [1536, 1536, 1],
    'pool.linear1.weight': [128, 4608, 1],
    'linear.weight': [SIZE, 3072],
    'linear.bias': [SIZE],
  },
};

for (const [name, shapes] of Object.entries(SHAPES)) {
  test(`${name} has the names and shapes of WeSpeaker, and is imported again with the same bits`, async (t) => {
    const dir = await modelIn(t, name, { embeddingSize: SIZE });
    const out = join(dir, '..', 'pretrained');
    const { files, model } = await exportWeSpeaker(dir, out);
    t.deepEqual(readdirSync(out).sort(), [...files].sort());
    const { tensors } = await openCheckpoint(join(out, 'avg_model.pt'));
    for (const [key, shape] of Object.entries(shapes)) t.deepEqual(tensors.get(key)?.shape, shape, key);
    const { name: imported } = await importModel(out, join(out, 'again'));
    t.is(imported, `WeSpeaker ${model}`);
    t.deepEqual(digestsOf(join(out, 'again')), digestsOf(dir));
    t.deepEqual(readModel(join(out, 'again')).info.features, readModel(dir).info.features);
  });
}

test('a plain normalisation is written as one of scale 1 and offset 0, with a bias of 0 in front of it', async (t) => {
  const dir = await modelIn(t, 'ecapa-512', { embeddingSize: SIZE, embeddingNorm: 'plain' });
  const out = join(dir, '..', 'pretrained');
  await exportWeSpeaker(dir, out);
  t.like(parse(readFileSync(join(out, 'config.yaml'), 'utf8')), {
    model: 'ECAPA_TDNN_c512',
    model_args: { feat_dim: BINS, embed_dim: SIZE, pooling_func: 'ASTP', emb_bn: true },
    dataset_args: { frontend: 'fbank', resample_rate: 16000, cmvn: true },
  });
  const { tensors } = await openCheckpoint(join(out, 'avg_model.pt'));
  const read = (key: string) => [...tensors.get(key)!.read()];
  t.deepEqual(
    [read('bn2.weight'), read('bn2.bias'), read('linear.bias')],
    [
      [1, 1, 1, 1, 1],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
    ],
  );
});

test('every place of a published kernel is filled from its own place: no number is lost or doubled', async (t) => {
  for (const name of ['gemini-df-resnet60', 'repvgg-a0', 'resnet50']) {
    const weights = await weightsOf(name, { embeddingSize: SIZE, width: 4 });
    const tensors = publishedTensors(BACKBONES[name].names, weights);
    const total = (values: Iterable<HostTensor>) => {
      let [count, sum] = [0, 0];
      for (const { data } of values)
        if (data instanceof Float32Array) {
          count += data.length;
          for (const value of data) sum += value % 9973;
        }
      return { count, sum };
    };
    t.deepEqual(total(tensors.values()), total(Object.values(weights)), name);
  }
});

const refused: Record<string, [name: string, options: object, features: object, message: RegExp]> = {
  'a backbone of its own': [
    'tdnn',
    {},
    {},
    /WeSpeaker has no network like 'tdnn'\. What can be written so: ResNet18 to/,
  ],
  'another width': ['resnet18', { width: 8 }, {}, /not quite WeSpeaker's ResNet18: width is 8 and not 32\. What can/],
  'another pooling': ['ecapa-512', { pooling: 'tstp' }, {}, /ECAPA_TDNN_c512: pooling\.name is "tstp" and not "astp"/],
  'another floor': [
    'resnet18',
    { pooling: { name: 'tstp', epsilon: 1e-12 } },
    {},
    /pooling\.options\.epsilon is 1e-12 and not 1e-7/,
  ],
  'other features': [
    'xvector',
    { padding: 'valid' },
    { window: 'povey' },
    /features\.window is "povey" and not "hamming"/,
  ],
  'bins that are rounded': ['resnet18', {}, { bins: 44 }, /features\.bins is 44 and no multiple of 8/],
};

for (const [what, [name, options, features, message]] of Object.entries(refused)) {
  test(`a model with ${what} is refused, and nothing is written`, async (t) => {
    const dir = await modelIn(t, name, { embeddingSize: SIZE, ...options }, features, {});
    const out = join(dir, '..', 'pretrained');
    await t.throwsAsync(exportWeSpeaker(dir, out), { instanceOf: UserError, message });
    t.deepEqual(readdirSync(join(dir, '..')), ['model']);
  });
}

test('the command writes a folder once, and refuses options of another format', async (t) => {
  const dir = await modelIn(t, 'xvector', { embeddingSize: SIZE, padding: 'valid' });
  const out = join(dir, '..', 'pretrained');
  const done = await runCli(['export', dir, '--format', 'wespeaker', '--out', out]);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /WeSpeaker's XVEC, 2\.83 million numbers, .* MiB \(config\.yaml, avg_model\.pt\)\n/);
  await t.throwsAsync(exportWeSpeaker(dir, out), { message: /holds a config\.yaml already/ });
  const other = await runCli(['export', dir, '--format', 'wespeaker', '--out', out, '--weights', 'int8']);
  t.deepEqual([other.code, /--weights is an option of --format onnx/.test(other.stderr)], [2, true], other.stderr);
});
