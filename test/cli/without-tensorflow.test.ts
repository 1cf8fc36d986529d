import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { installStandIn } from '../helpers/networks/stand-in-runtime.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

// A folder in which no TensorFlow library is: whoever asks for one ends with an error.
const NO_TENSORFLOW = { VOXLOOP_TENSORFLOW: '/no/such/folder' };
/** A cache without a library; nobody has said that there should be one. */
const NOT_SET_UP = { VOXLOOP_TENSORFLOW: '', VOXLOOP_CACHE: '/no/such/cache' };

/** Addresses of all modules that processes loaded which had NODE_V8_COVERAGE=`dir`. */
const modulesIn = (dir: string): string[] =>
  readdirSync(dir).flatMap((file) => {
    const { result } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as { result: { url: string }[] };
    return result.map(({ url }) => url);
  });

test.serial(
  'where no TensorFlow can be loaded, an exported model compares and verifies recordings as its folder does',
  async (t) => {
    t.timeout(240_000);
    const dir = temporaryFolder(t);
    const at = (name: string) => join(dir, name);
    writeTinyCorpus(at('corpus'), { train: 2, test: 1, each: 2 });
    const [a, b, c] = ['voice0/voice0-0', 'voice0/voice0-1', 'voice1/voice1-0'].map((name) =>
      at(`corpus/wav/${name}.wav`),
    );
    await writeTinyModel(at('model'), { files: [a, c] });
    const ok = async (args: string[], env?: Record<string, string>) => {
      const { code, stdout, stderr } = await runCli(args, { cwd: dir, env });
      t.is(code, 0, stderr);
      return JSON.parse(stdout);
    };
    await ok(['enroll', 'voice 0', a, '--store', 'store', '--model', 'model', '--json']);
    await ok(['export', 'model', '--out', 'elsewhere/', '--json']);
    t.deepEqual(readdirSync(at('elsewhere')), ['model.onnx']);
    installStandIn(dir);
    const file = ['--model', 'elsewhere/model.onnx', '--json'];
    const verified = await ok(['verify', 'voice 0', b, '--store', 'store', ...file], NO_TENSORFLOW);
    const compared = await ok(['similarity', a, b, ...file], { ...NO_TENSORFLOW, NODE_V8_COVERAGE: at('modules') });
    const modules = modulesIn(at('modules'));
    t.true(modules.some((url) => url.includes('/embed/onnx/')));
    t.deepEqual(
      modules.filter((url) => /\/dist\/kernels\/|\/koffi\//.test(url)),
      [],
    );
    const expected = await ok(['similarity', a, b, '--model', 'model', '--json']);
    t.true(Math.abs(compared.cosine - expected.cosine) < 1e-4, `${compared.cosine} ${expected.cosine}`);
    // One recording is enrolled: its direction is that of the speaker.
    t.true(Math.abs(verified.score - expected.cosine) < 1e-4, `${verified.score} ${expected.cosine}`);
  },
);

test.serial(
  'a folder that holds its export runs without TensorFlow; one that does not, or holds another one, says what to do',
  async (t) => {
    t.timeout(240_000);
    const dir = temporaryFolder(t);
    const at = (name: string) => join(dir, name);
    writeTinyCorpus(at('corpus'), { train: 1, test: 1, each: 2 });
    const [a, b] = [0, 1].map((n) => at(`corpus/wav/voice0/voice0-${n}.wav`));
    await writeTinyModel(at('model'));
    const run = (env: Record<string, string>, ...args: string[]) =>
      runCli(['similarity', a, b, '--model', 'model', ...args], { cwd: dir, env });
    const bare = await run(NOT_SET_UP);
    t.is(bare.code, 2);
    t.regex(bare.stderr, /npx voxloop setup\. Without it the model runs as an ONNX file: `voxloop export model`/);
    t.is((await runCli(['export', 'model'], { cwd: dir })).code, 0);
    const unable = await run(NOT_SET_UP);
    t.deepEqual([unable.code, /npm install onnxruntime-node/.test(unable.stderr)], [2, true], unable.stderr);
    installStandIn(dir);
    const able = await run(NOT_SET_UP);
    t.is(able.code, 0, able.stderr);
    t.regex(able.stdout, /^-?\d\.\d{4}\n$/);
    const gpu = await runCli(['similarity', a, b, '--model', 'model/model.onnx', '--device', 'gpu'], { cwd: dir });
    t.deepEqual([gpu.code, /on the CPU: leave --device gpu out/.test(gpu.stderr)], [2, true], gpu.stderr);
    await writeTinyModel(at('model'), { seed: 4 });
    const stale = await run(NOT_SET_UP);
    t.deepEqual(
      [stale.code, /exported from another model than the one in model/.test(stale.stderr)],
      [2, true],
      stale.stderr,
    );
  },
);

test.serial(
  'what is no model is told as such, with or without TensorFlow; a file of another name is named',
  async (t) => {
    const dir = temporaryFolder(t);
    const at = (name: string) => join(dir, name);
    for (const name of ['empty', 'other']) mkdirSync(at(name));
    writeFileSync(at('other/speaker.onnx'), '');
    // Recordings are looked for before the model.
    const early = await runMain(['similarity', 'a.wav', 'b.wav', '--model', 'none'], { cwd: dir, env: NOT_SET_UP });
    t.deepEqual([early.code, /a\.wav does not exist/.test(early.stderr)], [2, true], early.stderr);
    for (const recording of ['a.wav', 'b.wav']) writeFileSync(at(recording), '');
    for (const [model, message] of [
      ['none', /none holds no model .neither model\.safetensors nor model\.onnx is there.\. A run writes one/],
      ['empty', /empty holds no model .* A run writes one/],
      ['other', /other holds no model .* name the file: other\/speaker\.onnx/],
      ['none.onnx', /none\.onnx does not exist/],
      ['other/speaker.onnx', /other\/speaker\.onnx is not an ONNX file, or it is cut short\. Name a model folder/],
    ] as const) {
      for (const env of [{}, NOT_SET_UP]) {
        const { code, stderr } = await runMain(['similarity', 'a.wav', 'b.wav', '--model', model], { cwd: dir, env });
        t.deepEqual([code, message.test(stderr)], [2, true], stderr);
      }
    }
  },
);
