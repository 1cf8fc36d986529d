import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { planText } from '../../../src/cli/plan/plan-text.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { runCli } from '../../helpers/run-cli.js';
import { runMain } from '../../helpers/run-main.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const recipe = `
name: small
device: cpu
stages:
  - {stage: corpus, source: ready, path: corpus}
  - stage: pretrain
    as: dino
    corpus: corpus
    method: {name: dino, prototypes: 64, hiddenSize: 32, bottleneckSize: 16, localCrops: 1}
    backbone: {name: tdnn, width: 8, embeddingSize: 32}
    globalSeconds: 0.6
    localSeconds: 0.4
    batchSize: 8
    steps: 2
    rate: {peak: 0.003}
  - {stage: embed, as: vectors, corpus: corpus, model: dino}
  - {stage: cluster, corpus: corpus, embeddings: vectors, algorithm: {name: kmeans, clusters: 6}}
  - stage: finetune
    as: round1
    corpus: corpus
    clusters: cluster
    init: dino
    cropSeconds: 0.6
    batchSize: 8
    epochs: 1
    rate: {peak: 0.003}
`;
/** A network that has reversible forms, in one training. */
const deep = `
name: deep
device: cpu
stages:
  - {stage: corpus, source: ready, path: corpus}
  - stage: pretrain
    as: ssl
    corpus: corpus
    method: simclr
    backbone: {name: resnet34, width: 8, embeddingSize: 32}
    globalSeconds: 0.4
    batchSize: 8
    steps: 2
    rate: {peak: 0.003}
`;
const setUp = (t: ExecutionContext) => temporaryFolder(t, { 'small.yaml': recipe, 'deep.yaml': deep });
const plan = (cwd: string, ...args: string[]) => runMain(['plan', 'small.yaml', ...args], { cwd });

test.serial('every training stage is planned, without a corpus', async (t) => {
  const cwd = setUp(t);
  const { code, stdout } = await runCli(['plan', 'small.yaml', '--memory', '64GiB', '--json'], { cwd });
  t.is(code, 0);
  const { memoryBytes, memoryFrom, fits, stages } = JSON.parse(stdout);
  t.deepEqual([memoryBytes, memoryFrom, fits], [2 ** 36, '--memory', true]);
  t.deepEqual(
    stages.map(({ as, backbone, batchSize, switches }: Record<string, unknown>) => [as, backbone, batchSize, switches]),
    [
      ['dino', 'tdnn', 8, []],
      ['round1', 'tdnn', 8, []],
    ],
  );
  for (const { parts, peakBytes, largestBatch } of stages) {
    t.is(
      Object.values(parts as Record<string, number>).reduce((sum, bytes) => sum + bytes, 0),
      peakBytes,
    );
    t.true(largestBatch > 8);
  }
  t.deepEqual(stages[1].assumed, ["6 classes, the clusters of 'cluster'"]);

  // One more than the largest batch within three quarters of what the stage takes does not fit.
  const budget = Math.round(0.75 * stages[1].peakBytes);
  const stage = async (memory: string, batch: number) => {
    const chosen = ['--stage', 'round1', '--memory', memory, '--set', `round1.batchSize=${batch}`, '--json'];
    return JSON.parse((await plan(cwd, ...chosen)).stdout).stages[0];
  };
  const { largestBatch } = await stage(`${budget}B`, 8);
  t.true(largestBatch >= 2 && largestBatch < 8, `${largestBatch}`);
  t.true((await stage('64GiB', largestBatch + 1)).peakBytes > budget);
});

test.serial('what does not fit: the largest batch that does, and the switches', async (t) => {
  const cwd = setUp(t);
  const planned = async (memory: string) =>
    JSON.parse((await runMain(['plan', 'deep.yaml', '--memory', memory, '--json'], { cwd })).stdout);
  const [whole] = (await planned('64GiB')).stages;
  const budget = Math.round(0.6 * whole.peakBytes);
  const { fits: all, stages } = await planned(`${budget}B`);
  t.false(all);
  const [{ largestBatch, switches }] = stages;
  t.true(largestBatch >= 2 && largestBatch < 8);
  const names = switches.map(({ changes }: { changes: string[] }) => changes.join(' '));
  t.deepEqual(
    new Set(names),
    new Set([
      'optimizer.stateBits: 8',
      'accumulate: 2',
      'backbone.checkpointing: true',
      'backbone: prev-resnet34',
      'backbone: frev-resnet34',
      'compute: bfloat16',
    ]),
  );
  for (const { peakBytes, fits } of switches) t.is(fits, peakBytes <= budget);
  t.true(switches.some((each: { fits: boolean }) => each.fits));

  const text = planText(stages, { bytes: budget, source: '--memory' });
  t.regex(text, /ssl \(pretrain\): resnet34, batch 8: .*, does not fit/);
  t.regex(text, /largest batch that fits: \d\n {2}would make it fit:\n/);
});

test.serial('a budget below the parameters: no batch will fit', async (t) => {
  const { code, stdout } = await plan(setUp(t), '--stage', 'round1', '--memory', '10KB');
  t.is(code, 0);
  t.regex(stdout, /no batch will fit: what every batch needs is .* already \(.*parameters .*\)/);
  t.regex(stdout, /none of these makes it fit/);
});

test.serial('wrong sizes and names', async (t) => {
  const cwd = setUp(t);
  const size = await plan(cwd, '--memory', '11 gigs');
  t.is(size.code, 2);
  t.regex(size.stderr, /--memory must be a size .*11GiB/);
  const stage = await plan(cwd, '--stage', 'dina');
  t.is(stage.code, 2);
  t.regex(stage.stderr, /--stage dina: .*did you mean 'dino'\?/);
  const memory = await plan(cwd, '--set', 'memory=lots');
  t.is(memory.code, 2);
  t.regex(memory.stderr, /memory.*11GiB/);
});

test.serial('a run that will not fit says so before its first step', async (t) => {
  const cwd = setUp(t);
  writeTinyCorpus(join(cwd, 'corpus'));
  const run = (memory: string) =>
    runCli(['run', 'deep.yaml', '--set', 'ssl.backbone.name=tdnn', '--set', `memory=${memory}`], { cwd });
  const { code, stderr } = await run('300KB');
  t.is(code, 2);
  t.regex(
    stderr,
    /ssl \(pretrain\): A training step would need .* of 293\.0 KiB \(the config's `memory`\).*parameters.*voxloop plan/,
  );
  t.notRegex(stderr, /ssl 1\/2/);
  const enough = await run('2GiB');
  t.regex(enough.stderr, /memory: a step needs \d+\.\d [MK]iB of 2\.00 GiB/);
  t.is(enough.code, 0);
});
