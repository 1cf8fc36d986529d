import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { planText } from '../../../src/cli/plan/plan-text.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { type Outcome, runCli } from '../../helpers/run-cli.js';
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
    backbone: {name: resnet34, width: 8, embeddingSize: 32}
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
const setUp = (t: ExecutionContext) => temporaryFolder(t, { 'small.yaml': recipe });
const plan = (cwd: string, ...args: string[]) => runCli(['plan', 'small.yaml', ...args], { cwd });

let within2GiB: Promise<Outcome> | undefined;
/** The plan of all stages within 2 GiB, which two tests read. */
const generousPlan = (t: ExecutionContext): Promise<Outcome> => {
  within2GiB ??= plan(setUp(t), '--memory', '2GiB', '--json');
  return within2GiB;
};

test.serial('every training stage is planned, without a corpus', async (t) => {
  const { code, stdout } = await generousPlan(t);
  t.is(code, 0);
  const { memoryBytes, memoryFrom, fits, stages } = JSON.parse(stdout);
  t.deepEqual([memoryBytes, memoryFrom, fits], [2 ** 31, '--memory', true]);
  t.deepEqual(
    stages.map(({ as, backbone, batchSize, switches }: Record<string, unknown>) => [as, backbone, batchSize, switches]),
    [
      ['dino', 'resnet34', 8, []],
      ['round1', 'resnet34', 8, []],
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
});

test.serial('what does not fit: the largest batch that does, and the switches', async (t) => {
  const cwd = setUp(t);
  const whole = JSON.parse((await generousPlan(t)).stdout).stages[0];
  const budget = Math.round(0.6 * whole.peakBytes);
  const given = ['--stage', 'dino', '--memory', `${budget}B`];
  const { fits: all, stages } = JSON.parse((await plan(cwd, ...given, '--json')).stdout);
  t.false(all);
  const [{ largestBatch, switches }] = stages;
  t.true(largestBatch >= 2 && largestBatch < 8);
  // Within 2 GiB there are no switches to try.
  const larger = ['--stage', 'dino', '--memory', '2GiB', '--set', `dino.batchSize=${largestBatch + 1}`, '--json'];
  t.true(JSON.parse((await plan(cwd, ...larger)).stdout).stages[0].peakBytes > budget);

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
  t.regex(text, /dino \(pretrain\): resnet34, batch 8: .*, does not fit/);
  t.regex(text, /largest batch that fits: \d\n {2}would make it fit:\n/);
});

test.serial('a budget below the parameters: no batch will fit', async (t) => {
  const { code, stdout } = await plan(setUp(t), '--stage', 'round1', '--memory', '100KB');
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
  const { code, stderr } = await runCli(['run', 'small.yaml', '--set', 'memory=5MB'], { cwd });
  t.is(code, 2);
  t.regex(
    stderr,
    /dino \(pretrain\): A training step would need .* of 4\.8 MiB \(the config's `memory`\).*parameters.*voxloop plan/,
  );
  t.notRegex(stderr, /dino 1\/2/);
  const enough = await runCli(['run', 'small.yaml', '--set', 'memory=2GiB'], { cwd });
  t.regex(enough.stderr, /memory: a step needs \d+\.\d MiB of 2\.00 GiB/);
  t.is(enough.code, 0);
});
