import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { readModel, writeModel } from '../../../src/embed/model-file.js';
import { UserError } from '../../../src/errors.js';
import { describeModel, filesOfModel } from '../../../src/tools/describe-model.js';
import { exportHuggingFace } from '../../../src/tools/hugging-face/export-folder.js';
import { transformersConfig } from '../../../src/tools/hugging-face/transformers-config.js';
import { writeTinyModel } from '../../helpers/networks/tiny-model.js';
import { readOnnx } from '../../helpers/oracles/onnx-file.js';
import { runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { BINS, EMBEDDING, smallFeatures } from '../../helpers/training/small-training.js';

const LISTS = {
  clean: { eer: 0.104, minDcf: { '0.01': 0.61 }, trials: 2758, interval: { eer: [0.07, 0.15] } },
  channel: { eer: 0.195 },
};
const OTHER = { name: 'baseline', lists: { clean: { eer: 0.3 } } };
const FILES = ['README.md', 'config.json', 'model.safetensors', 'onnx', 'preprocessor_config.json'];

/** The header and the text of a card. */
function readCard(dir: string): { header: Record<string, unknown>; text: string } {
  const [, header, text] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(readFileSync(join(dir, 'README.md'), 'utf8'))!;
  return { header: parse(header), text };
}

test('a folder for Hugging Face is a model of voxloop with a card, and a graph as transformers.js loads it', async (t) => {
  const dir = temporaryFolder(t);
  const at = (...names: string[]) => join(dir, ...names);
  await writeTinyModel(at('run/stages/embed/model'));
  writeFileSync(at('run/results.json'), JSON.stringify({ name: 'mine', systems: [{ name: 'DINO', lists: LISTS }] }));
  writeFileSync(at('run/stages/embed/model/CARD.md'), '# Voices\n\n## Trained on\n\nNoise.\n');
  const done = await runCli(
    ['export', 'run/stages/embed/model', '--format', 'hf', '--out', 'hub', '--language', 'en', '--json'],
    { cwd: dir },
  );
  t.is(done.code, 0, done.stderr);
  const { files, bytes, ...rest } = JSON.parse(done.stdout);
  t.deepEqual(rest, { out: 'hub', licence: 'unknown', figures: 'DINO', notForTransformers: null });
  t.deepEqual(readdirSync(at('hub')).sort(), FILES);
  t.is(
    bytes,
    files.reduce((sum: number, file: string) => sum + readFileSync(at('hub', file)).length, 0),
  );

  // The bytes are those of the model: stores and calibrations fit.
  const model = describeModel(at('run/stages/embed/model'));
  t.deepEqual(describeModel(at('hub')).identity(), model.identity());
  t.deepEqual(filesOfModel(at('hub')), { network: at('hub'), onnx: at('hub/onnx/model.onnx') });
  for (const file of ['model', 'model_fp16', 'model_quantized']) {
    const { inputs, outputs } = readOnnx(readFileSync(at('hub/onnx', `${file}.onnx`)));
    t.deepEqual([inputs, outputs[0].name], [[{ name: 'input_features', dims: ['B', 'T', BINS] }], 'last_hidden_state']);
  }
  const settings = (name: string) => JSON.parse(readFileSync(at('hub', name), 'utf8'));
  t.like(settings('config.json'), { model_type: 'wespeaker-resnet', hidden_size: EMBEDDING });
  t.like(settings('preprocessor_config.json'), { num_mel_bins: BINS, fbank_centering_span: null });

  const { header, text } = readCard(at('hub'));
  t.like(header, { license: 'unknown', language: ['en'], library_name: 'voxloop', metrics: ['eer', 'mindcf'] });
  t.true((header.tags as string[]).includes('transformers.js'));
  const task = { type: 'speaker-verification', name: 'Speaker verification' };
  t.deepEqual((header['model-index'] as { results: unknown }[])[0].results, [
    {
      task,
      dataset: { type: 'clean', name: 'clean' },
      metrics: [
        { type: 'eer', name: 'equal error rate', value: 0.104 },
        { type: 'mindcf', name: 'minDCF at a target prior of 0.01', value: 0.61 },
      ],
    },
    {
      task,
      dataset: { type: 'channel', name: 'channel' },
      metrics: [{ type: 'eer', name: 'equal error rate', value: 0.195 }],
    },
  ]);
  t.regex(
    text,
    /\| clean \| 2758 \| 10\.4 % \(7\.0 % to 15\.0 %\) \| 0\.610 at 0\.01 \|\n\| channel \| {2}\| 19\.5 % \| {2}\|/,
  );
  t.regex(text, /## Trained on\n\nNoise\.\n$/);
  t.notRegex(text, /# Voices/);
});

test('figures are those of the system that is named; of several without a name none is taken from the run', async (t) => {
  const dir = temporaryFolder(t);
  const model = join(dir, 'run/stages/embed/model');
  await writeTinyModel(model);
  const results = join(dir, 'run/results.json');
  writeFileSync(results, JSON.stringify({ systems: [OTHER, { name: 'DINO', lists: LISTS }] }));
  const fails = (out: string, options: { results?: string; system?: string }, message: RegExp) =>
    t.throwsAsync(exportHuggingFace(model, join(dir, out), options), { instanceOf: UserError, message });
  await fails('a', { results }, /has 2 systems\. Say whose figures are the model's with --system: 'baseline', 'DINO'/);
  await fails('a', { system: 'SimCLR' }, /no system 'SimCLR'\. It has: 'baseline', 'DINO'/);
  await fails('a', { results: join(dir, 'none.json') }, /none\.json does not exist/);
  await fails('a', { results: join(model, 'model.safetensors') }, /is not the results\.json of a run/);
  t.false(existsSync(join(dir, 'a')));
  t.is((await exportHuggingFace(model, join(dir, 'b'), { name: 'voices 2' })).figures, null);
  const { header, text } = readCard(join(dir, 'b'));
  t.deepEqual(['metrics' in header, 'model-index' in header, /^\n# voices 2\n/.test(text)], [false, false, true]);
  cpSync(model, join(dir, 'alone'), { recursive: true });
  await t.throwsAsync(exportHuggingFace(join(dir, 'alone'), join(dir, 'c'), { system: 'DINO' }), {
    message: /alone does not lie in a run with a results\.json/,
  });
  await fails('b', {}, /b holds a model already/);
});

test('a model whose features transformers.js does not compute says so and goes without its settings; its licence is on the card', async (t) => {
  const dir = temporaryFolder(t);
  await writeTinyModel(join(dir, 'plain'));
  const { info, weights } = readModel(join(dir, 'plain'));
  const features = { ...info.features, window: 'povey' as const, energyFloor: 128 };
  mkdirSync(join(dir, 'model'));
  writeModel(join(dir, 'model'), { ...info, features, licence: "Apache-2.0, 3D-Speaker's" }, weights);
  const summary = await exportHuggingFace(join(dir, 'model'), join(dir, 'hub'));
  t.is(summary.notForTransformers, 'its features are computed with window povey, energyFloor 128');
  t.is(summary.licence, 'apache-2.0');
  t.deepEqual(readdirSync(join(dir, 'hub')).sort(), ['README.md', 'model.safetensors', 'onnx']);
  const { header, text } = readCard(join(dir, 'hub'));
  t.false((header.tags as string[]).includes('transformers.js'));
  t.notRegex(text, /transformers\.js/);
});

test('features without mean subtraction are left as they are by the extractor', (t) => {
  const config = transformersConfig({ features: { ...smallFeatures, cmn: false }, embeddingSize: EMBEDDING }, 15);
  t.deepEqual('unfit' in config ? config : config['preprocessor_config.json'], {
    feature_extractor_type: 'WeSpeakerFeatureExtractor',
    sampling_rate: 16000,
    num_mel_bins: BINS,
    min_num_frames: 15,
  });
});
