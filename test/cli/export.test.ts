import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readModel } from '../../src/embed/model-file.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runOnnx } from '../helpers/oracles/naive-onnx.js';
import { readOnnx } from '../helpers/oracles/onnx-file.js';
import { normals } from '../helpers/random-values.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, EMBEDDING } from '../helpers/training/small-training.js';

test("export writes names, sizes and metadata as asked; --subtract-mean takes the model's mean off", async (t) => {
  const dir = temporaryFolder(t);
  const at = (name: string) => join(dir, name);
  writeTinyCorpus(at('corpus'), { train: 1, test: 1, each: 2 });
  await writeTinyModel(at('model'), { files: [at('corpus/wav/voice0/voice0-0.wav')] });
  const run = async (out: string, ...args: string[]) => {
    const outcome = await runMain(['export', at('model'), '--out', at(out), ...args]);
    t.is(outcome.code, 0, outcome.stderr);
    return { stdout: outcome.stdout, file: readOnnx(readFileSync(at(out))) };
  };
  const plain = await run('plain.onnx', '--json');
  const { file: path, bytes, nodes, ...ports } = JSON.parse(plain.stdout);
  t.is(path, at('plain.onnx'));
  t.deepEqual([bytes, nodes], [readFileSync(at('plain.onnx')).length, plain.file.nodes.length]);
  t.deepEqual(ports, {
    input: { name: 'feats', shape: ['B', 'T', BINS] },
    output: { name: 'embs', shape: ['B', EMBEDDING] },
  });
  t.is(plain.file.opset, 14);
  const { features, voxloop, ...sherpa } = plain.file.metadata;
  t.deepEqual(sherpa, {
    framework: 'wespeaker',
    language: 'unknown',
    output_dim: String(EMBEDDING),
    sample_rate: '16000',
    normalize_samples: '0',
    feature_normalize_type: 'global-mean',
    min_frames: '1',
  });
  t.like(JSON.parse(features), { bins: BINS, window: 'hamming', cmn: true });

  const other = await run('other.onnx', '--names', 'transformers', '--subtract-mean', '--language', 'English');
  t.regex(other.stdout, /other\.onnx: .* KiB, \d+ nodes; input_features \[B, T, 16\] -> last_hidden_state \[B, 6\]/);
  t.is(other.file.metadata.language, 'English');
  const input = { shape: [1, 30, BINS], data: Array.from(normals(30 * BINS, 'export')) };
  const [a, b] = [plain, other].map(({ file }) => runOnnx(file, input).data);
  const mean = readModel(at('model')).mean!;
  t.true(a.every((value, i) => Math.abs(value - mean[i] - b[i]) < 1e-6));
});

test('what the user can mend ends with code 2, says what to do and writes nothing', async (t) => {
  const dir = temporaryFolder(t);
  await writeTinyModel(join(dir, 'model'));
  for (const [args, message] of [
    [['missing'], /missing holds no model/],
    [['model', '--subtract-mean'], /model holds no mean embedding to subtract/],
    [['model', '--names', 'kaldi'], /wespeaker, transformers/],
    [['model', '--weights', 'int4'], /float32, float16, int8/],
  ] as const) {
    const { code, stderr } = await runMain(['export', ...args, '--out', 'x.onnx'], { cwd: dir });
    t.is(code, 2);
    t.regex(stderr, message);
  }
  t.deepEqual(readdirSync(dir), ['model']);
  // What lies in the model's own folder has to be the same model.
  for (const [args, message] of [
    [['--weights', 'int8'], /model\.onnx runs in place of the network beside it, and --weights int8 makes/],
    [['--out', 'model/model.safetensors'], /is an input of this command/],
    [['--input', 'wave', '--out', 'model/model.onnx'], /--input wave makes .* Name another file or folder with --out/],
  ] as const) {
    const { code, stderr } = await runMain(['export', 'model', ...args], { cwd: dir });
    t.deepEqual([code, message.test(stderr)], [2, true], stderr);
  }
  t.deepEqual(readdirSync(join(dir, 'model')), ['model.safetensors']);
});
