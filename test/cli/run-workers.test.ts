import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { loadConfig } from '../../src/pipeline/config/config.js';
import { runPipeline } from '../../src/pipeline/run/run.js';
import { followPipeline } from '../../src/pipeline/workers/follow.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { newRegistry } from '../helpers/recipes/run-stage.js';
import { runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { openGroups } from '../helpers/workers/in-process.js';

const recipe = (corpus: string): string => `
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
`;

/** The files of a training that must not depend on kills. */
const bytesOf = (out: string): Buffer[] =>
  ['models/student/model.safetensors', 'metrics.jsonl'].map((file) =>
    readFileSync(join(out, 'stages', 'simclr', file)),
  );

const linux = process.platform === 'linux' ? test : test.skip;

/** The undisturbed run: the first worker and one that follows it, in this process. */
async function undisturbed(config: string, dir: string): Promise<void> {
  const registry = newRegistry();
  const loaded = await loadConfig({ file: config, settings: [], plugins: [], registry });
  const [first, second] = await openGroups(2);
  const { signal } = new AbortController();
  const run = { config: loaded, registry, dir, environment: {}, signal };
  const silent = { update: () => {}, line: () => {}, done: () => {} };
  await Promise.all([
    runPipeline({ ...run, workers: first, progress: () => silent, log: () => {} }),
    followPipeline({ ...run, workers: second }),
  ]);
}

linux(
  'a worker is killed: all start again from the checkpoint, and the bytes are those of an undisturbed run',
  async (t) => {
    const dir = temporaryFolder(t);
    writeTinyCorpus(join(dir, 'corpus'), { train: 4, test: 2, each: 3 });
    const config = join(dir, 'small.yaml');
    writeFileSync(config, recipe(join(dir, 'corpus')));
    const killed = join(dir, 'killed');
    const checkpoint = join(killed, 'stages', 'simclr', 'checkpoint.safetensors');
    let pid = 0;
    const { code, stderr } = await runCli(['run', config, '--out', killed, '--workers', '2'], {
      watch(_, child) {
        if (pid > 0) return;
        pid = child.pid!;
        void killWhen(() => existsSync(checkpoint), child.pid!);
      },
    });
    t.is(code, 0, stderr);
    t.regex(stderr, /worker 1 was ended by SIGKILL; all workers start again from the last checkpoint \(1 of 10\)/);
    t.regex(stderr, /resumed at step [1-6]/);
    await undisturbed(config, join(dir, 'undisturbed'));
    t.deepEqual(bytesOf(killed), bytesOf(join(dir, 'undisturbed')));
  },
);

/** Kills the second worker of a supervisor. */
async function killWhen(ready: () => boolean, supervisor: number): Promise<void> {
  while (!ready()) await setTimeout(20);
  const workers = readFileSync(`/proc/${supervisor}/task/${supervisor}/children`, 'utf8').trim().split(' ');
  process.kill(Number(workers[1]), 'SIGKILL');
}
