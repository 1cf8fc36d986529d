import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../src/errors.js';
import { readBackend } from '../../src/eval/backend/backend-file.js';
import { readNpy, writeNpy } from '../../src/io/npy.js';
import type { Artifact } from '../../src/plugin/stage.js';
import { createRng } from '../../src/random.js';
import { close } from '../helpers/close.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const registry = newRegistry();
const SIZE = 6;
/** Voices that are trained on, then those of the trials; utterances of each. */
const [TRAIN, TEST, EACH] = [24, 4, 3];

/** A corpus, and embeddings that stand for its voices. */
async function artifacts(t: ExecutionContext): Promise<{ dir: string; artifacts: Record<string, Artifact> }> {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: TRAIN, test: TEST, each: EACH, seconds: 0.1 });
  const corpus = await runStage({
    registry,
    stage: 'corpus',
    dir: join(dir, 'corpus'),
    artifacts: {},
    options: { source: 'ready', path },
  });
  const rng = createRng(5);
  const embeddings = join(dir, 'embeddings');
  for (const [part, voices] of [
    ['train', TRAIN],
    ['clean', TEST],
    ['channel', TEST],
  ] as const) {
    const means = Array.from({ length: voices * SIZE }, () => 2 * rng.normal());
    const value = (_: unknown, i: number) => means[Math.floor(i / SIZE / EACH) * SIZE + (i % SIZE)] + rng.normal();
    const vectors = Float32Array.from({ length: voices * EACH * SIZE }, value);
    writeNpy(join(embeddings, `${part}.npy`), [voices * EACH, SIZE], vectors);
  }
  const made = { network: 'network', origin: 'test', embeddingSize: SIZE };
  return { dir, artifacts: { corpus, embeddings: artifactAt(embeddings, 'embed', made) } };
}

const chain = {
  corpus: 'corpus',
  embeddings: 'embeddings',
  plda: { iterations: 2 },
  norm: { kind: 'as-norm' },
  calibrate: { trials: 60 },
};

test('a back-end is learned, and evaluate shows the figures after each part beside the cosines', async (t) => {
  const given = await artifacts(t);
  const { dir } = given;
  const backend = await runStage({ ...given, registry, stage: 'backend', dir: join(dir, 'backend'), options: chain });
  t.like(backend.result, { cohort: TRAIN });
  t.true(existsSync(join(backend.dir, 'score-calibration.json')));
  const evaluate = (options: object) =>
    runStage({
      registry,
      stage: 'evaluate',
      dir: join(dir, 'evaluation'),
      artifacts: { ...given.artifacts, backend },
      options: { corpus: 'corpus', embeddings: 'embeddings', system: 'test', ...options },
    });
  type Lists = { lists: Record<string, { eer: number; rule: string; byRule: Record<string, { eer: number }> }> };
  const { clean } = ((await evaluate({ backend: 'backend' })).result as Lists).lists;
  t.is(clean.rule, 'calibrated');
  t.deepEqual(Object.keys(clean.byRule), ['raw', 'mean-subtracted', 'plda', 'as-norm', 'calibrated']);
  t.is(clean.eer, clean.byRule.calibrated.eer);
  const plain = ((await evaluate({ rule: 'raw' })).result as Lists).lists.clean;
  t.deepEqual([plain.rule, Object.keys(plain.byRule)], ['raw', ['raw', 'mean-subtracted']]);
  t.deepEqual(plain.byRule.raw, clean.byRule.raw);
  await t.throwsAsync(evaluate({ backend: 'backend', cohort: 'forbid' }), {
    instanceOf: UserError,
    message: /as-norm and calibration by cohort means need them: a one-to-one rule/,
  });
});

test('embeddings of another model are refused: those to score and those to adapt to', async (t) => {
  const given = await artifacts(t);
  const { dir } = given;
  const embeddingsOf = (name: string, digit: string) => {
    const { dir: at, result } = given.artifacts.embeddings;
    return artifactAt(at, 'embed', { ...(result as object), model: { name, digest: digit.repeat(64) } });
  };
  const all = {
    corpus: given.artifacts.corpus,
    'embeddings-unknown': given.artifacts.embeddings,
    'embeddings-one': embeddingsOf('one', 'a'),
    'embeddings-renamed': embeddingsOf('renamed', 'a'),
    'embeddings-two': embeddingsOf('two', 'b'),
  };
  const learn = (name: string, options: object = {}) =>
    runStage({
      registry,
      stage: 'backend',
      dir: join(dir, name),
      artifacts: all,
      options: { corpus: 'corpus', embeddings: `embeddings-${name}`, plda: { iterations: 1 }, ...options },
    });
  const score = (name: string, backend: Artifact) =>
    runStage({
      registry,
      stage: 'evaluate',
      dir: join(dir, 'evaluation'),
      artifacts: { ...all, backend },
      options: { corpus: 'corpus', embeddings: `embeddings-${name}`, system: 'test', backend: 'backend' },
    });
  const [one, unknown] = [await learn('one'), await learn('unknown')];
  t.deepEqual([readBackend(one.dir).model?.name, readBackend(unknown.dir).model], ['one', null]);
  await t.throwsAsync(score('two', one), {
    instanceOf: UserError,
    message:
      /^The back-end 'backend' belongs to the model 'one' with digest a{12}, but this is 'two' with digest b{12}/,
  });
  for (const [embeddings, backend] of [
    ['renamed', one],
    ['unknown', one],
    ['two', unknown],
  ] as const)
    await t.notThrowsAsync(score(embeddings, backend));
  await t.throwsAsync(learn('one', { adapt: { embeddings: 'embeddings-two' } }), {
    instanceOf: UserError,
    message: /^What 'adapt\.embeddings' names belongs to the model 'two' .*this is 'one'/,
  });
  await t.notThrowsAsync(learn('one', { adapt: { embeddings: 'embeddings-renamed' } }));
});

test('augmented copies of the training utterances are learned from where there are any, and left out on demand', async (t) => {
  const given = await artifacts(t);
  const { dir } = given;
  const learned = async (name: string, options: object) => {
    const { cohort } = await runStage({
      ...given,
      registry,
      stage: 'backend',
      dir: join(dir, name),
      options: {
        corpus: 'corpus',
        embeddings: 'embeddings',
        subtractMean: false,
        norm: { kind: 'as-norm' },
        ...options,
      },
    }).then((made) => readBackend(made.dir));
    return cohort!;
  };
  const plain = await learned('before', {});
  const data = readNpy(join(dir, 'embeddings', 'train.npy')).data as Float32Array;
  // Two copies, each all utterances: one half as long, one pointing the other way.
  const copies = Float32Array.from([...data, ...data], (value, i) => (i < data.length ? value / 2 : -value / 4));
  writeNpy(join(dir, 'embeddings', 'augmented.npy'), [2 * TRAIN * EACH, SIZE], copies);
  close(t, await learned('without', { copies: false }), plain, 1e-6);
  const mean = (1 + 1 / 2 - 1 / 4) / 3;
  close(
    t,
    await learned('with', {}),
    plain.map((value) => value * mean),
    1e-5,
  );
});

test('options that contradict each other are found before the run', async (t) => {
  const given = {
    registry,
    stage: 'backend',
    artifacts: { corpus: artifactAt('', 'corpus'), embeddings: artifactAt('', 'embed') },
  };
  t.deepEqual(await checkStage({ ...given, options: chain }), []);
  const [forbidden] = await checkStage({ ...given, options: { ...chain, cohort: 'forbid' } });
  t.regex(forbidden, /one-to-one rule/);
  const apart = {
    corpus: 'corpus',
    embeddings: 'embeddings',
    cohort: 'forbid',
    calibrate: { measures: ['durations'] },
  };
  t.deepEqual(await checkStage({ ...given, options: apart }), []);
  const [adapt] = await checkStage({
    ...given,
    options: { corpus: 'corpus', embeddings: 'embeddings', adapt: { embeddings: 'embeddings' } },
  });
  t.regex(adapt, /add 'plda'/);
});
