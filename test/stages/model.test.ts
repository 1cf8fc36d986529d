import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { readModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { importModel } from '../../src/tools/import-model.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { artifactAt, checkStage, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const fixture = fileURLToPath(new URL('../../../test/fixtures/import/wespeaker', import.meta.url));

/** An imported model of two channels, opened by the stage; and a corpus with known speakers. */
async function prepared(t: ExecutionContext) {
  const registry = newRegistry();
  const path = join(temporaryFolder(t), 'imported');
  await importModel(fixture, path);
  const open = { registry, stage: 'model', artifacts: {}, options: { path } };
  const model = await runStage({ ...open, dir: temporaryFolder(t) });
  const corpusDir = temporaryFolder(t);
  await voiceCorpus(
    corpusDir,
    Array.from({ length: 12 }, (_, i) => 6000 + 700 * (i % 7)),
  );
  const corpus = artifactAt(corpusDir, 'corpus', { path: null });
  const run = (stage: string, options: Record<string, unknown>, artifacts = {}) =>
    runStage({ registry, stage, dir: temporaryFolder(t), options, artifacts: { corpus, model, ...artifacts } });
  return { registry, run, imported: readModel(path), model };
}

const networkOf = (dir: string, name: string) => readModel(join(dir, 'models', name));

const PRETRAIN = {
  corpus: 'corpus',
  init: 'model',
  method: { name: 'dino', prototypes: 8, hiddenSize: 8, bottleneckSize: 4, localCrops: 1 },
  globalSeconds: 0.3,
  localSeconds: 0.2,
  batchSize: 4,
  rate: { peak: 0.01 },
};

test('an imported model is a model of the run, its hearing and licence included', async (t) => {
  const { imported, model } = await prepared(t);
  const opened = networkOf(model.dir, 'network');
  t.deepEqual(opened.weights, imported.weights);
  t.deepEqual(opened.info, imported.info);
  t.is(opened.info.hearing, 'unchanged');
});

test('pretraining starts student and teacher from it, with its backbone and features', async (t) => {
  const { run, imported } = await prepared(t);
  const still = await run('pretrain', { ...PRETRAIN, steps: 0 });
  for (const name of ['teacher', 'student']) {
    const { weights, info } = networkOf(still.dir, name);
    t.deepEqual(weights, imported.weights);
    t.deepEqual(info.features, imported.info.features);
    t.is(info.backbone.name, 'resnet18');
    // What voxloop trained hears as voxloop trains.
    t.is(info.hearing, undefined);
  }
  const trained = await run('pretrain', { ...PRETRAIN, steps: 2 });
  t.notDeepEqual(networkOf(trained.dir, 'student').weights, imported.weights);
});

test('fine-tuning starts from it', async (t) => {
  const { run, imported } = await prepared(t);
  const clusters = await run('labels', { corpus: 'corpus' });
  const options = {
    corpus: 'corpus',
    clusters: 'clusters',
    init: 'model',
    cropSeconds: 0.3,
    batchSize: 4,
    steps: 2,
    rate: { peak: 0.01 },
  };
  const tuned = networkOf((await run('finetune', options, { clusters })).dir, 'network');
  t.deepEqual(Object.keys(tuned.weights).sort(), Object.keys(imported.weights).sort());
  t.notDeepEqual(tuned.weights, imported.weights);
  t.is(tuned.info.origin, 'classifier from WeSpeaker ResNet18');
});

test('faults of a start and of a missing model are found before the run', async (t) => {
  const { registry, model } = await prepared(t);
  const artifacts = { corpus: artifactAt('', 'corpus'), model };
  const faults = (options: object) =>
    checkStage({ registry, stage: 'pretrain', artifacts, options: { ...PRETRAIN, steps: 1, ...options } });
  t.deepEqual(await faults({}), []);
  t.regex((await faults({ backbone: { name: 'tdnn' } })).join(), /init, backbone: give one of them only/);
  t.regex((await faults({ init: undefined })).join(), /init, backbone: give one of them:/);
  t.regex((await faults({ features: { bins: 24 } })).join(), /features: the init's are kept/);
  const path = join(temporaryFolder(t), 'none');
  t.regex((await checkStage({ registry, stage: 'model', artifacts: {}, options: { path } })).join(), /holds no model/);
  await t.throwsAsync(
    runStage({ registry, stage: 'model', dir: temporaryFolder(t), artifacts: {}, options: { path } }),
    { instanceOf: UserError },
  );
});
