import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { writeWav16 } from '../../src/io/wav-write.js';
import { hiss, sequence, talk } from '../helpers/corpora/talk.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs an example in a process of its own; its lines on standard output. */
const runExample = (cwd: string, name: string, ...args: string[]) => feedExample(new Uint8Array(0), cwd, name, ...args);

/** The same, with bytes on standard input. */
function feedExample(
  input: Uint8Array,
  cwd: string,
  name: string,
  ...args: string[]
): Promise<{ code: number | null; lines: string[] }> {
  const file = join(root, 'dist', 'examples', `${name}.js`);
  const child = spawn(process.execPath, [file, ...args], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => {}).end(input);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, lines: text.trim().split('\n') })));
}

/** A folder with a model and recordings of two voices. */
async function prepare(t: ExecutionContext): Promise<string> {
  const dir = temporaryFolder(t);
  const save = (name: string, ...parts: Float32Array[]) => writeWav16(join(dir, name), sequence(...parts), 16000);
  for (const [voice, name] of ['a', 'b'].entries()) {
    for (const take of [1, 2]) save(`${name}${take}.wav`, talk(voice, 1.5, take));
  }
  save('meeting.wav', hiss(0.5), talk(0, 3, 1), hiss(0.5), talk(2, 3, 2));
  await writeTinyModel(join(dir, 'model'));
  return dir;
}

test.serial('embed-and-compare scores every pair', async (t) => {
  const dir = await prepare(t);
  const { code, lines } = await runExample(dir, 'embed-and-compare', 'model', 'a1.wav', 'a2.wav', 'b1.wav');
  t.is(code, 0);
  t.is(lines[0], 'no calibration: cosines only');
  t.deepEqual(
    lines.slice(1).map((line) => line.split(' ').slice(0, 2).join(' ')),
    ['a1.wav a2.wav', 'a1.wav b1.wav', 'a2.wav b1.wav'],
  );
  for (const line of lines.slice(1)) t.regex(line, / -?[01]\.\d{3}$/);
});

test.serial(
  'enrol-and-identify names the nearest speaker, and may be run twice; live-voices knows the store',
  async (t) => {
    const dir = await prepare(t);
    const args = ['model', 'voices', 'anna=a1.wav,a2.wav', 'ben=b1.wav', 'a1.wav', 'gone.wav'];
    const first = await runExample(dir, 'enrol-and-identify', ...args);
    t.is(first.code, 0);
    t.deepEqual(first.lines.slice(0, 2), ['enrolled anna, recordings: 2', 'enrolled ben, recordings: 1']);
    t.regex(first.lines[3], /^a1\.wav: .*, nearest (anna|ben)$/);
    t.regex(first.lines[4], /^gone\.wav: .*does not exist/);
    const second = await runExample(dir, 'enrol-and-identify', ...args);
    t.deepEqual(second.lines.slice(3), first.lines.slice(3));

    // One byte too many: a sample that never came to its end.
    const sound = Buffer.concat([readFileSync(join(dir, 'meeting.wav')).subarray(44), Buffer.alloc(1)]);
    const { code, lines } = await feedExample(sound, dir, 'live-voices', 'model', 'voices', '16000', '-1');
    t.is(code, 0);
    t.deepEqual([lines.length, lines.filter((line) => /^\d\.\d\d to \d\.\d\d s: /.test(line)).length], [2, 2]);
  },
);

test.serial('diarize tells segments and how long each speaker speaks', async (t) => {
  const dir = await prepare(t);
  const { code, lines } = await runExample(dir, 'diarize', 'model', 'meeting.wav', '2');
  t.is(code, 0);
  t.regex(lines[0], /^\d+\.\d\d to \d+\.\d\d s: \S+$/);
  t.regex(lines.at(-1)!, /^\S+ speaks for \d+\.\d s$/);
});

const recipe = `
seed: 3
device: cpu
stages:
  - {stage: corpus, source: ready, path: corpus}
  - stage: pretrain
    as: network
    corpus: corpus
    method: simclr
    backbone: {name: tdnn, width: 8, embeddingSize: 8, pooling: {name: mean-max, sharpness: 2}}
    globalSeconds: 0.5
    batchSize: 8
    steps: 9
    rate: {peak: 0.003}
  - {stage: embed, corpus: corpus, model: network}
`;

test.serial('train runs a recipe with a plugin, and its model is usable', async (t) => {
  const dir = await prepare(t);
  writeTinyCorpus(join(dir, 'corpus'), { train: 4, test: 2, each: 4 });
  writeFileSync(join(dir, 'recipe.yaml'), recipe);
  const plugin = join(root, 'examples', 'plugin.ts');
  const args = ['recipe.yaml', 'out', 'network.steps=3', `--plugin=${plugin}`];
  const { code, lines } = await runExample(dir, 'train', ...args);
  t.is(code, 0);
  t.deepEqual(
    lines.slice(-4, -1).map((line) => line.replace(/: .*/, '')),
    ['corpus (corpus)', 'network (pretrain)', 'embed (embed)'],
  );
  t.is(lines.at(-1), `model: ${join('out', 'stages', 'embed', 'model')}`);
  const again = await runExample(dir, 'train', ...args);
  t.true(again.lines.some((line) => /network .*done before/.test(line)));
});
