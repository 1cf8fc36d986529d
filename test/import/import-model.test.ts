import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { embedFiles } from '../../src/embed/embed-files.js';
import { readModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { float32, type HostTensor } from '../../src/host-tensor.js';
import { openCheckpoint } from '../../src/import/checkpoint/open-checkpoint.js';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { importModel } from '../../src/tools/import-model.js';
import { openModel } from '../../src/tools/open-model.js';
import { runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/import', import.meta.url));
const speech = join(fixtures, 'speech.wav');
const { embeddings } = JSON.parse(readFileSync(join(fixtures, 'embeddings.json'), 'utf8')) as {
  embeddings: Record<string, number[]>;
};

async function embeddingOf(model: string): Promise<number[]> {
  const { extractor, close } = await openModel(model, { device: 'cpu', threads: 1 });
  const { vectors } = await embedFiles([speech], extractor, { skipBad: false });
  await close();
  return [...vectors];
}

/** Cosine, and the largest difference in terms of the root mean square. */
function compare(a: readonly number[], b: readonly number[]) {
  const product = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  const worst = Math.max(...b.map((value, i) => Math.abs(value - a[i]))) / Math.sqrt(product(b, b) / b.length);
  return { cosine: product(a, b) / Math.sqrt(product(a, a) * product(b, b)), worst };
}

const kinds: Record<string, string> = {
  wespeaker: "a network of WeSpeaker's ResNet class, saved by torch.save",
  'wespeaker-half': 'one saved in half precision',
  'wespeaker-legacy': 'one in bfloat16 in the format of PyTorch before 1.6',
  pyannote: "pyannote.audio's wrapper in a checkpoint of Lightning with objects of its classes",
};

for (const [name, what] of Object.entries(kinds)) {
  test(`${what} makes of a recording what the toolkit makes of it`, async (t) => {
    const out = join(temporaryFolder(t), 'model');
    const summary = await importModel(join(fixtures, name), out);
    const mine = await embeddingOf(out);
    t.is(summary.embeddingSize, embeddings[name].length);
    const difference = compare(mine, embeddings[name]);
    t.true(difference.cosine > 0.99999, String(difference.cosine));
    t.true(difference.worst < 1e-5, String(difference.worst));
  });
}

/** The tiny network of WeSpeaker, its tensors as float32 to be changed, in a folder of its own. */
async function changed(t: ExecutionContext, change: (tensors: Record<string, HostTensor>) => void): Promise<string> {
  const dir = temporaryFolder(t);
  const { tensors } = await openCheckpoint(join(fixtures, 'wespeaker', 'avg_model.pt'));
  const entries = [...tensors].filter(([, { type }]) => type === 'float');
  const copies = Object.fromEntries(entries.map(([key, { shape, read }]) => [key, float32(read(), [...shape])]));
  change(copies);
  writeSafetensors(join(dir, 'avg_model.safetensors'), copies, {});
  cpSync(join(fixtures, 'wespeaker', 'config.yaml'), join(dir, 'config.yaml'));
  return dir;
}

test('the same weights in safetensors give the same model', async (t) => {
  const out = join(temporaryFolder(t), 'model');
  await importModel(await changed(t, () => {}), out);
  const other = join(temporaryFolder(t), 'model');
  await importModel(join(fixtures, 'wespeaker'), other);
  t.deepEqual(readModel(out).weights, readModel(other).weights);
});

test('missing, surplus and misshapen tensors are listed by name, and nothing is written', async (t) => {
  const out = join(temporaryFolder(t), 'model');
  const dir = await changed(t, (tensors) => {
    delete tensors['layer2.0.bn1.running_var'];
    tensors['layer2.0.conv1.weight'] = float32(new Float32Array(12), [2, 6]);
    tensors['attention.weight'] = float32([1, 2]);
  });
  const error = await t.throwsAsync(importModel(dir, out), { instanceOf: UserError });
  t.regex(error!.message, /WeSpeaker ResNet18/);
  t.regex(error!.message, /layer2\.0\.bn1\.running_var \[4\] is missing/);
  t.regex(error!.message, /layer2\.0\.conv1\.weight is \[2,6\], and \[4,2,3,3\] is expected/);
  t.regex(error!.message, /attention\.weight \[2\] has no place in the network/);
  t.false(existsSync(out));
});

test('weights that are not finite are refused by name', async (t) => {
  const dir = await changed(t, (tensors) => {
    tensors['layer1.0.conv1.weight'].data[3] = Number.NaN;
  });
  await t.throwsAsync(importModel(dir, join(dir, 'model')), {
    instanceOf: UserError,
    message: /layer1\.0\.conv1\.weight holds numbers that are not finite/,
  });
});

/** The tiny network with other settings. */
async function withConfig(t: ExecutionContext, config: string): Promise<string> {
  const dir = await changed(t, () => {});
  writeFileSync(join(dir, 'config.yaml'), config);
  return dir;
}

const settings: Record<string, [config: string, message: RegExp]> = {
  'a network that voxloop does not have': [
    'model: ReDimNetB2\nmodel_args: {feat_dim: 24, embed_dim: 6}',
    /no network 'ReDimNetB2'/,
  ],
  'a second embedding layer': [
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 6, two_emb_layer: true}',
    /second embedding layer is not supported/,
  ],
  'features of another network': [
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 6}\ndataset_args: {frontend: s3prl}',
    /features of another network are not supported/,
  ],
  'normalised variance': [
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 6}\ndataset_args: {cmvn_args: {norm_var: true}}',
    /normalising the variance of features is not supported/,
  ],
  'an embedding of another size': [
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 7}',
    /seg_1\.weight is \[6,96\], and \[7,96\]/,
  ],
  'an absurd size': [
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 900000000000}',
    /seg_1\.weight is \[6,96\]/,
  ],
  'too few bins': [
    'model: ResNet18\nmodel_args: {feat_dim: 2, embed_dim: 6}',
    /config\.yaml describes a model that cannot be/,
  ],
  'no YAML': ['model: [', /is not YAML/],
  'aliases that multiply': [
    `a: &a [x, x]\n${[...'bcdefghijkl'].map((name, i) => `${name}: &${name} [${`*${'abcdefghijk'[i]}, `.repeat(9)}x]`).join('\n')}\nmodel: *l`,
    /cannot be used/,
  ],
};

for (const [name, [config, message]] of Object.entries(settings)) {
  test(`settings with ${name} are refused`, async (t) => {
    const dir = await withConfig(t, config);
    await t.throwsAsync(importModel(dir, join(dir, 'model')), { instanceOf: UserError, message });
  });
}

test('settings decide on features: mean subtraction, lengths and dither', async (t) => {
  const dir = await withConfig(
    t,
    'model: ResNet18\nmodel_args: {feat_dim: 24, embed_dim: 6}\ndataset_args:\n  cmvn: false\n  fbank_args: {frame_length: 20, frame_shift: 5, dither: 0.5}',
  );
  const { features } = await importModel(dir, join(dir, 'model'));
  t.like(features, { bins: 24, cmn: false, frameLengthMs: 20, frameShiftMs: 5, dither: 0.5, window: 'hamming' });
});

test('the licence is that of the model card, or that of its kind, and stays in the model', async (t) => {
  const dir = temporaryFolder(t);
  cpSync(join(fixtures, 'wespeaker'), dir, { recursive: true });
  t.regex((await importModel(dir, join(dir, 'a'))).licence, /training data/);
  writeFileSync(join(dir, 'README.md'), '---\nlanguage: en\nlicense: cc-by-4.0\n---\n# A model\n');
  t.is((await importModel(dir, join(dir, 'b'))).licence, 'cc-by-4.0');
  t.is(readModel(join(dir, 'b')).info.licence, 'cc-by-4.0');
});

test('a folder without weights, with several, and one that is not there are told apart', async (t) => {
  const dir = temporaryFolder(t, { 'a.pt': '', 'b.pt': '' });
  const fails = (path: string, message: RegExp) =>
    t.throwsAsync(importModel(path, join(dir, 'model')), { instanceOf: UserError, message });
  await fails(dir, /several files of weights \(a\.pt, b\.pt\)/);
  await fails(join(dir, 'c'), /does not exist/);
  mkdirSync(join(dir, 'empty'));
  await fails(join(dir, 'empty'), /none of avg_model\.pt/);
  cpSync(join(fixtures, 'wespeaker', 'avg_model.pt'), join(dir, 'empty', 'avg_model.pt'));
  await fails(join(dir, 'empty'), /What .* is cannot be told: .*conv1\.weight/);
});

test('a model does not take the place of the weights that it is made of, nor of another model', async (t) => {
  const dir = await changed(t, () => {});
  cpSync(join(dir, 'avg_model.safetensors'), join(dir, 'model.safetensors'));
  const before = readFileSync(join(dir, 'model.safetensors'));
  await t.throwsAsync(importModel(join(dir, 'model.safetensors'), dir), {
    instanceOf: UserError,
    message: /holds a model already/,
  });
  t.deepEqual(readFileSync(join(dir, 'model.safetensors')), before);
});

test('the command prints what it imported, and ends with 2 for what cannot be', async (t) => {
  const dir = temporaryFolder(t);
  const out = join(dir, 'model');
  const done = await runCli(['import', join(fixtures, 'wespeaker'), '--out', out]);
  t.is(done.code, 0, done.stderr);
  t.regex(done.stdout, /WeSpeaker ResNet18 as resnet18, .* embeddings of 6\nlicence: /);
  t.deepEqual(readdirSync(out), ['model.safetensors']);
  t.is(readSafetensors(join(out, 'model.safetensors')).metadata.voxloop.includes('"hearing":"unchanged"'), true);
  const failed = await runCli(['import', join(fixtures, 'speech.wav'), '--out', join(dir, 'other')]);
  t.is(failed.code, 2);
  t.regex(failed.stderr, /neither a file of torch\.save nor of safetensors/);
});
