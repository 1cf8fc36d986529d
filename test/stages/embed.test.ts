import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readModel } from '../../src/embed/model-file.js';
import { weightsIdentity } from '../../src/embed/weights-identity.js';
import { readNpy } from '../../src/io/npy.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING } from '../helpers/training/small-training.js';

const registry = newRegistry();
const [TRAIN, EACH] = [3, 2];

/** Runs the stage on a corpus and an untrained network. */
async function prepared(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: TRAIN, test: 2, each: EACH, seconds: 0.5 });
  const corpus = await runStage({
    registry,
    stage: 'corpus',
    dir: join(dir, 'corpus'),
    artifacts: {},
    options: { source: 'ready', path },
  });
  await writeTinyModel(join(dir, 'trained', 'models', 'network'));
  const artifacts = { corpus, model: artifactAt(join(dir, 'trained'), 'pretrain', { networks: ['network'] }) };
  return (name: string, options: object, seed = 1) =>
    runStage({
      registry,
      stage: 'embed',
      dir: join(dir, name),
      artifacts,
      seed,
      options: { corpus: 'corpus', model: 'model', ...options },
    });
}

const rowsOf = (dir: string, part: string) => {
  const { shape, data } = readNpy(join(dir, `${part}.npy`));
  return { shape: [...shape], data: data as Float32Array };
};

test('copies of the training utterances are heard through the augmentation, each through a draw of its own', async (t) => {
  const run = await prepared(t);
  const plain = await run('plain', {});
  t.false(existsSync(join(plain.dir, 'augmented.npy')));
  const model = weightsIdentity(readModel(join(plain.dir, 'model')));
  t.like(plain.result, { model: { name: `tiny 3 (tdnn, ${EMBEDDING})`, digest: model.digest } });
  const given = { copies: 2, augmentation: ['random-channel'] };
  const { dir, result } = await run('copied', given);
  t.like(result, { embeddingSize: EMBEDDING, model: { digest: model.digest } });
  for (const part of ['train', 'clean', 'channel']) t.deepEqual(rowsOf(dir, part), rowsOf(plain.dir, part));
  const { shape, data } = rowsOf(dir, 'augmented');
  t.deepEqual(shape, [2 * TRAIN * EACH, EMBEDDING]);
  const [first, second] = [data.subarray(0, data.length / 2), data.subarray(data.length / 2)];
  t.notDeepEqual(first, second);
  t.notDeepEqual(first, rowsOf(dir, 'train').data);
  t.true(data.every(Number.isFinite));
  t.deepEqual(rowsOf((await run('again', given)).dir, 'augmented').data, data);
  t.notDeepEqual(rowsOf((await run('other', given, 2)).dir, 'augmented').data, data);
});

test('copies without an augmentation of waveforms, and an augmentation without copies, are found before the run', async (t) => {
  const artifacts = { corpus: artifactAt('', 'corpus'), model: artifactAt('', 'pretrain') };
  const faults = (options: object) =>
    checkStage({ registry, stage: 'embed', artifacts, options: { corpus: 'corpus', model: 'model', ...options } });
  t.deepEqual(await faults({ copies: 1, augmentation: ['random-channel'] }), []);
  t.regex((await faults({ copies: 1 })).join(), /'copies' without 'augmentation'/);
  t.regex((await faults({ copies: 1, augmentation: ['spec-augment'] })).join(), /'spec-augment' changes features/);
  t.regex((await faults({ augmentation: ['random-channel'] })).join(), /'augmentation' has no effect without 'copies'/);
});
