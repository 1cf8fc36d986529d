import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { builtIns } from '../../../src/builtins.js';
import { defineSsl, z } from '../../../src/index.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { artifactAt, checkStage, newRegistry } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { tinySslOptions } from '../../helpers/training/tiny-ssl-options.js';
import { openGroups } from '../../helpers/workers/in-process.js';
import { runTogether } from '../../helpers/workers/run-together.js';

/** A loss that compares utterances, with objectives and a target, a self-teacher, and an adaptation with norms of its own. */
const recipe = (dir: string): string => `
name: trainings
seed: 5
device: cpu
stages:
  - {stage: corpus, source: ready, path: ${join(dir, 'corpus')}}
  - {stage: corpus, as: target, source: ready, path: ${join(dir, 'target')}}
  - {stage: labels, corpus: corpus}
  - &training
    stage: finetune
    as: plain
    corpus: corpus
    clusters: labels
    features: {bins: 16, dither: 0}
    backbone: {name: tdnn, width: 8, embeddingSize: 6}
    cropSeconds: 0.4
    batchSize: 4
    steps: 3
    optimizer: {name: sgd, clipNorm: 1}
    rate: {peak: 0.001}
  - {<<: *training, as: taught, selfTeacher: {}}
  - <<: *training
    as: compared
    loss: {name: ge2e, utterancesPerSpeaker: 2}
    objectives: [mmd, {name: classes, layer: layer3}]
    target: target
  - stage: adapt
    model: compared
    corpus: corpus
    target: target
    objectives: [coral]
    domainNorms: true
    cropSeconds: 0.4
    batchSize: 4
    steps: 2
    optimizer: {name: sgd, clipNorm: 1}
    rate: {peak: 0.001}
`;

const lossesOf = (run: string, stage: string): number[] =>
  readFileSync(join(run, 'stages', stage, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).loss);

test('trainings that compare utterances, domains and layers: two workers have the losses of one process', async (t) => {
  const dir = temporaryFolder(t);
  for (const [corpus, loudness] of [
    ['corpus', 0.1],
    ['target', 0.05],
  ] as const) {
    mkdirSync(join(dir, corpus), { recursive: true });
    writeTinyCorpus(join(dir, corpus), {
      train: 4,
      test: 2,
      each: 2,
      sound: (voice, _, rng) => Float32Array.from({ length: 8000 + 2000 * voice }, () => loudness * rng.normal()),
    });
  }
  const config = join(dir, 'trainings.yaml');
  writeFileSync(config, recipe(dir));
  await runTogether(config, join(dir, 'alone'));
  await runTogether(config, join(dir, 'together'), await openGroups(2));
  for (const [stage, steps] of Object.entries({ compared: 3, taught: 3, adapt: 2 })) {
    const [alone, together] = [join(dir, 'alone'), join(dir, 'together')].map((run) => lossesOf(run, stage));
    t.is(together.length, steps);
    together.forEach((loss, step) => {
      t.true(
        Math.abs(loss - alone[step]) < 1e-5 * Math.max(1, alone[step]),
        `${stage} ${step}: ${loss}, ${alone[step]}`,
      );
    });
  }
});

test('several workers train with every built-in method; one that does not bring their rows together is refused', async (t) => {
  const options = {
    corpus: 'corpus',
    backbone: { name: 'tdnn', width: 8 },
    batchSize: 4,
    steps: 1,
    rate: { peak: 0.01 },
  };
  const registry = newRegistry();
  const silent = defineSsl({
    name: 'silent',
    summary: 'Does not say what it does with several workers.',
    options: z.strictObject({}),
    views: () => ({ global: 1, local: 0 }),
    build: () => {
      throw new Error('not built here');
    },
  });
  registry.add(silent, 'silent.ts', '0');
  const faultsOf = (method: string, workers?: { count: number }) =>
    checkStage({
      registry,
      stage: 'pretrain',
      artifacts: { corpus: artifactAt('.', 'corpus') },
      options: { ...options, method: { ...tinySslOptions[method], name: method } },
      workers,
    });
  t.deepEqual(await faultsOf('silent'), []);
  t.regex((await faultsOf('silent', { count: 2 })).join(), /method: 'silent' compares the rows of a batch/);
  const methods = builtIns.filter(({ kind }) => kind === 'ssl');
  t.true(methods.length > 10);
  for (const { name } of methods) t.deepEqual(await faultsOf(name, { count: 2 }), [], name);
});
