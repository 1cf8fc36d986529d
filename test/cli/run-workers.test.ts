import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { freePorts } from '../../src/pipeline/workers/free-ports.js';
import { PLACE, type WorkerPlace } from '../../src/pipeline/workers/place.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { bin, runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { openGroups } from '../helpers/workers/in-process.js';
import { runTogether } from '../helpers/workers/run-together.js';

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
    batchSize: 12
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

linux(
  'three workers of which one always dies become two; where one of these is killed all start again, and the bytes are those of two',
  async (t) => {
    const dir = temporaryFolder(t);
    writeTinyCorpus(join(dir, 'corpus'), { train: 4, test: 2, each: 3 });
    const config = join(dir, 'small.yaml');
    writeFileSync(config, recipe(join(dir, 'corpus')));
    const killed = join(dir, 'killed');
    const checkpoint = join(killed, 'stages', 'simclr', 'checkpoint.safetensors');
    let watched = false;
    const args = ['run', config, '--out', killed, '--workers', '3', '--fewer-workers', '--restarts', '1'];
    const temporary = join(dir, 'temporary');
    mkdirSync(temporary);
    const { code, stderr } = await runCli(args, {
      env: { TMPDIR: temporary },
      watch(_, child) {
        if (watched) return;
        watched = true;
        void killLast(child.pid!, (workers) => workers === 3 || existsSync(checkpoint));
      },
    });
    t.is(code, 0, stderr);
    t.regex(stderr, /worker 2 was ended by SIGKILL; all workers start again from the last checkpoint \(1 of 1\)/);
    t.regex(stderr, /worker 2 was ended by SIGKILL; the workers were started again 1 times, and the run is given up/);
    t.regex(stderr, /the run goes on with 2 workers; its results are not those of 3/);
    t.regex(stderr, /worker 1 was ended by SIGKILL; all workers start again from the last checkpoint \(1 of 1\)/);
    t.regex(stderr, /resumed at step [1-6]/);
    const left = readdirSync(temporary).filter((name) => name.startsWith('voxloop'));
    t.deepEqual(left, [], 'nor does a worker that is killed leave anything');
    await runTogether(config, join(dir, 'undisturbed'), await openGroups(2));
    t.deepEqual(bytesOf(killed), bytesOf(join(dir, 'undisturbed')));
  },
);

linux('a worker whose supervisor is killed while it starts ends before it takes a place in the run', async (t) => {
  const dir = temporaryFolder(t);
  writeFileSync(join(dir, 'small.yaml'), recipe(join(dir, 'corpus')));
  const addresses = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
  const place: WorkerPlace = {
    rank: 1,
    local: 2,
    sharing: 2,
    addresses,
    portsNamed: false,
    sources: [],
    allowNetwork: false,
    wire: 'float32',
    timeoutSeconds: 60,
    scratch: dir,
  };
  const supervisor = `
    const [args, stdio] = [['run', 'small.yaml', '--out', 'run'], ['ignore', 'ignore', 'ignore', 'ipc']];
    const { pid } = require('node:child_process').fork(${JSON.stringify(bin)}, args, { stdio });
    require('node:fs').writeSync(1, String(pid));
    process.kill(process.pid, 'SIGKILL');`;
  const env = { ...process.env, [PLACE]: JSON.stringify(place) };
  const { stdout } = spawnSync(process.execPath, ['-e', supervisor], { cwd: dir, env, encoding: 'utf8' });
  t.regex(stdout, /^\d+$/);
  t.teardown(() => isRunning(stdout) && process.kill(Number(stdout), 'SIGKILL'));
  t.timeout(300_000);
  while (isRunning(stdout)) await setTimeout(20);
  t.deepEqual(readdirSync(dir), ['small.yaml']);
});

function isRunning(id: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${id}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Kills the last worker of a supervisor whenever there are three, and then once of two, when a number of them is ripe for it. */
async function killLast(supervisor: number, ripe: (workers: number) => boolean): Promise<void> {
  const children = `/proc/${supervisor}/task/${supervisor}/children`;
  for (let [last, count] = [0, 3]; count > 2 && existsSync(children); await setTimeout(10)) {
    const workers = readFileSync(children, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    if (workers.length < 2 || workers.at(-1) === last || !ripe(workers.length)) continue;
    [last, count] = [workers.at(-1)!, workers.length];
    process.kill(last, 'SIGKILL');
  }
}
