import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { freePorts } from '../../src/pipeline/workers/free-ports.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { bin, runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const recipe = (corpus: string, more = '') => `
name: small
seed: 3
device: cpu
threads: 1
stages:
  - {stage: corpus, source: ready, path: ${corpus}}
  - stage: pretrain
    as: simclr
    corpus: corpus
    method: {name: simclr, projection: [8]}
    backbone: {name: tdnn, width: 8, embeddingSize: 8}
    augmentation: [random-channel]
    globalSeconds: 0.5
    batchSize: 8
    steps: 6
    rate: {peak: 0.003}
    checkpointSeconds: 0.001
${more}`;

/** The files of a training that must not depend on kills. */
const bytesOf = (out: string): Buffer[] =>
  ['models/student/model.safetensors', 'metrics.jsonl'].map((file) => readFileSync(join(out, 'stages', 'simclr', file)));

const linux = process.platform === 'linux' ? test : test.skip;

linux('a worker is killed: all start again from the checkpoint, and the bytes are those of two undisturbed machines', async (t) => {
  const dir = temporaryFolder(t);
  writeTinyCorpus(join(dir, 'corpus'), { train: 4, test: 2, each: 3 });
  const config = join(dir, 'small.yaml');
  writeFileSync(config, recipe(join(dir, 'corpus')));
  const [killed, machines] = [join(dir, 'killed'), join(dir, 'machines')];

  let killedPid = 0;
  const checkpoint = join(killed, 'stages', 'simclr', 'checkpoint.safetensors');
  const child = spawn(process.execPath, [bin, 'run', config, '--out', killed, '--workers', '2'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (child.exitCode === null && !existsSync(checkpoint)) await setTimeout(20);
  // A second run of this folder is refused while the first is at it.
  const second = runCli(['run', config, '--out', killed, '--workers', '2']);
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
  killedPid = Number(workers[1]);
  process.kill(killedPid, 'SIGKILL');
  t.is(await ended, 0, said);
  t.regex(said, /worker \d was ended by SIGKILL; all workers start again from the last checkpoint \(1 of 10\)/);
  t.regex(said, /resumed at step [1-6]/);
  const { code, stderr } = await second;
  t.is(code, 2);
  t.regex(stderr, /is in use by process \d+/);

  // The same, undisturbed, as two machines would have it: a supervisor for each worker, which meet in the run's folder.
  const cluster = (await freePorts(2)).map((port) => `127.0.0.1:${port}`).join();
  const outcomes = await Promise.all(
    ['0', '1'].map((rank) => runCli(['run', config, '--out', machines, '--cluster', cluster, '--rank', rank])),
  );
  for (const outcome of outcomes) t.is(outcome.code, 0, outcome.stderr);
  t.deepEqual(bytesOf(killed), bytesOf(machines));
});

test('what several workers cannot do is refused before anything starts', async (t) => {
  const dir = temporaryFolder(t);
  writeTinyCorpus(join(dir, 'corpus'), { train: 4, test: 2, each: 3 });
  const config = join(dir, 'small.yaml');
  writeFileSync(config, recipe(join(dir, 'corpus')));

  const { code, stderr } = await runCli(['run', config, '--out', join(dir, 'out'), '--workers', '3'].concat('--set', 'simclr.compute=auto'));
  t.is(code, 2);
  t.regex(stderr, /accumulate: 1 for 3 workers does not cut batchSize: 8/);
  t.regex(stderr, /compute: auto asks how fast this processor is/);
  t.false(existsSync(join(dir, 'out', 'stages')));
});
