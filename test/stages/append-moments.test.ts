import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readModel, writeModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { readNpy } from '../../src/io/npy.js';
import { normalisationOf } from '../../src/stages/append-moments/normalisation.js';
import { close } from '../helpers/close.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, EMBEDDING } from '../helpers/training/small-training.js';

const registry = newRegistry();
const WIDTH = 8;
const augmentation = ['random-channel'];

/** A corpus and an untrained network, and the stage on both. */
async function prepared(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: 3, test: 2, each: 2, seconds: 0.5 });
  const run = (
    stage: string,
    name: string,
    artifacts: Parameters<typeof runStage>[0]['artifacts'],
    options: object,
    seed = 1,
  ) => runStage({ registry, stage, dir: join(dir, name), artifacts, seed, options: { ...options } });
  const corpus = await run('corpus', 'corpus', {}, { source: 'ready', path });
  await writeTinyModel(join(dir, 'trained', 'models', 'network'));
  const model = artifactAt(join(dir, 'trained'), 'pretrain', { networks: ['network'] });
  const append = (name: string, options: object, seed?: number, of = model) =>
    run(
      'append-moments',
      name,
      { corpus, model: of },
      { corpus: 'corpus', model: 'model', augmentation, ...options },
      seed,
    );
  const embed = async (name: string, of: typeof model) => {
    const { dir: at } = await run('embed', name, { corpus, model: of }, { corpus: 'corpus', model: 'model' });
    return readNpy(join(at, 'train.npy'));
  };
  const wide = async (width: number) => {
    await writeTinyModel(join(dir, 'wide', 'models', 'network'), { width });
    return artifactAt(join(dir, 'wide'), 'pretrain', { networks: ['network'] });
  };
  return { append, embed, model, wide };
}

test('the embedding comes first, at length one, and each part behind it at the root of its weight', async (t) => {
  const { append, embed, model } = await prepared(t);
  const made = await append('made', { copies: 2 });
  const size = EMBEDDING + BINS + (BINS + 2 * WIDTH);
  t.like(made.result, { networks: ['network'], utterances: 6, embeddingSize: size });
  const [before, after] = [await embed('before', model), await embed('after', made)];
  t.deepEqual(after.shape, [6, size]);
  const lengthOf = (values: readonly number[]) => Math.hypot(...values);
  for (let row = 0; row < 6; row++) {
    const plain = Array.from(before.data as Float32Array).slice(row * EMBEDDING, (row + 1) * EMBEDDING);
    const all = Array.from(after.data as Float32Array).slice(row * size, (row + 1) * size);
    close(
      t,
      all.slice(0, EMBEDDING),
      plain.map((value) => value / lengthOf(plain)),
      1e-5,
      `row ${row}`,
    );
    t.true(Math.abs(lengthOf(all.slice(EMBEDDING, EMBEDDING + BINS)) - Math.SQRT1_2) < 1e-4);
    t.true(Math.abs(lengthOf(all.slice(EMBEDDING + BINS)) - 1) < 1e-4);
  }
});

test('the same seed gives the same bytes, and another one hears other copies', async (t) => {
  const { append } = await prepared(t);
  const bytes = async (name: string, options: object, seed?: number) =>
    readFileSync(join((await append(name, options, seed)).dir, 'models', 'network', 'model.safetensors'));
  const first = await bytes('first', {});
  t.true(first.equals(await bytes('again', {})));
  t.false(first.equals(await bytes('other', {}, 2)));
  t.false(first.equals(await bytes('more', { copies: 2 })));
  const some = await append('some', { utterances: 4 });
  t.like(some.result, { utterances: 4 });
});

test('the parts can be chosen, and a network that has some gets no more', async (t) => {
  const { append } = await prepared(t);
  const parts = [{ layers: ['layer2'], normalise: 'within' }];
  const { dir } = await append('once', { parts });
  const { info, weights } = readModel(join(dir, 'models', 'network'));
  t.is(info.embeddingSize, EMBEDDING + 2 * WIDTH);
  t.like(info.backbone, { name: 'with-moments', options: { of: { name: 'tdnn' } } });
  t.deepEqual(weights['moments1/matrix'].shape, [2 * WIDTH, 2 * WIDTH]);
  const made = artifactAt(dir, 'append-moments', { networks: ['network'] });
  await t.throwsAsync(append('twice', {}, undefined, made), { message: /has moments behind its embedding already/ });
});

test('a model with moments is no longer in the space of the network that it learned from', async (t) => {
  const { append, model } = await prepared(t);
  const dir = join(model.dir, 'models', 'network');
  const { info, weights } = readModel(dir);
  const { format: _, ...described } = info;
  writeModel(dir, { ...described, space: { name: 'teacher', digest: 'f'.repeat(64) } }, weights);
  t.not(readModel(dir).info.space, undefined);
  const made = await append('apart', {});
  t.is(readModel(join(made.dir, 'models', 'network')).info.space, undefined);
});

test('a part takes its own columns, in its order, and the copies of an utterance are one class', (t) => {
  // Two utterances and two copies of each; the second layer tells copies apart, the first utterances.
  const layers = [
    { name: 'a', size: 1 },
    { name: 'b', size: 1 },
  ];
  const vectors = Float32Array.from([0, 1, 10, 2, 0.1, 5, 10.1, 7, -0.1, -4, 9.9, -6]);
  const heard = { layers, size: 2, utterances: 2, vectors };
  const total = normalisationOf({ layers: ['b'], normalise: 'total' }, heard);
  close(t, total.mean, [1.5], 1e-6, 'of the utterances as they are');
  const within = normalisationOf({ layers: ['b', 'a'], normalise: 'within' }, heard);
  close(t, within.mean, [5 / 6, 5], 1e-6, 'of all versions');
  // What differs between utterances is far louder than what differs between copies.
  const gain = (column: number) => Math.hypot(within.matrix[column], within.matrix[2 + column]);
  const deviation = (values: number[], mean: number) =>
    Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 6);
  const relative = [
    gain(0) * deviation([1, 2, 5, 7, -4, -6], 5 / 6),
    gain(1) * deviation([0, 10, 0.1, 10.1, -0.1, 9.9], 5),
  ];
  t.true(relative[1] > 3 * relative[0], relative.join());
});

test('an augmentation of features and layers without frames are refused', async (t) => {
  const artifacts = { corpus: artifactAt('', 'corpus'), model: artifactAt('', 'pretrain') };
  const options = { corpus: 'corpus', model: 'model', augmentation: ['spec-augment'] };
  const faults = await checkStage({ registry, stage: 'append-moments', artifacts, options });
  t.regex(faults.join(), /'spec-augment' changes features/);
  const { append } = await prepared(t);
  const parts = (layer: string) => ({ parts: [{ layers: [layer], normalise: 'within' }] });
  await t.throwsAsync(append('unknown', parts('layer7')), {
    message: /no layer 'layer7'; known: features, layer1, layer2/,
  });
  await t.throwsAsync(append('pooled', parts('pooled')), { message: /one vector for the utterance/ });
});

test('a part with more than 4,096 moments is refused before anything is heard', async (t) => {
  const { append, wide } = await prepared(t);
  const model = await wide(1025);
  // Each layer has a mean and a deviation of every channel.
  await t.throwsAsync(
    append('large', { parts: [{ layers: ['layer1', 'layer2'], normalise: 'within' }] }, undefined, model),
    {
      instanceOf: UserError,
      message:
        /parts: layer1 and layer2 have 4100 moments, and a covariance of more than 4096 takes too long\. Give each its own part/,
    },
  );
});
