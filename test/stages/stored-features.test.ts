import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { featureDefinition } from '../../src/audio/features/features.js';
import { readModel } from '../../src/embed/model-file.js';
import { UserError } from '../../src/errors.js';
import { readNpy } from '../../src/io/npy.js';
import { openTraining } from '../../src/stages/artifacts/corpus-data.js';
import { close } from '../helpers/close.js';
import { featuresOf, storedCorpus } from '../helpers/corpora/stored-corpus.js';
import { voiceCorpus } from '../helpers/corpora/voices.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { BINS, smallFeatures } from '../helpers/training/small-training.js';

const registry = newRegistry();
const LENGTHS = Array.from({ length: 12 }, (_, i) => 4000 + 900 * (i % 5));

/** One corpus as recordings, and as stored features. */
async function corpora(t: ExecutionContext, definition = smallFeatures) {
  const dir = temporaryFolder(t);
  await voiceCorpus(join(dir, 'heard'), LENGTHS);
  const heard = artifactAt(join(dir, 'heard'), 'corpus', { path: null });
  const matrices = await featuresOf(openTraining(heard).train, definition);
  return { heard, corpus: await storedCorpus(join(dir, 'stored'), matrices, definition) };
}

const PRETRAIN = {
  corpus: 'corpus',
  method: { name: 'simclr', projection: [16, 8] },
  backbone: { name: 'tdnn', width: 8, embeddingSize: 6, pooling: 'tstp' },
  globalSeconds: 0.2,
  batchSize: 4,
  steps: 4,
  rate: { kind: 'constant', peak: 0.001 },
};

const linesOf = (dir: string): { loss: number }[] =>
  readFileSync(join(dir, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a network trained on stored features embeds them as it embeds the recordings they are of', async (t) => {
  const { corpus, heard } = await corpora(t);
  const run = (stage: string, artifacts: object, options: object) =>
    runStage({ registry, stage, dir: temporaryFolder(t), artifacts: artifacts as never, options: options as never });
  const model = await run('pretrain', { corpus }, { ...PRETRAIN, augmentation: ['spec-augment'] });
  const { info } = readModel(join(model.dir, 'models', 'student'));
  t.deepEqual([info.features, info.hearing], [smallFeatures, 'unchanged']);
  const embed = (of: typeof corpus) => run('embed', { corpus: of, model }, { corpus: 'corpus', model: 'model' });
  const vectors = async (of: typeof corpus) => readNpy(join((await embed(of)).dir, 'train.npy')).data as Float32Array;
  const [stored, recordings] = [await vectors(corpus), await vectors(heard)];
  t.true(new Set(stored).size > stored.length / 2);
  close(t, stored, recordings, 1e-5);
  const clusters = await run('labels', { corpus }, { corpus: 'corpus' });
  const tuning = { corpus: 'corpus', clusters: 'clusters', init: 'model', cropSeconds: 0.2, batchSize: 4, epochs: 2 };
  const tuned = await run('finetune', { corpus, clusters, model }, { ...tuning, rate: { peak: 0.01 } });
  t.true(linesOf(tuned.dir).every(({ loss }) => Number.isFinite(loss)));
  t.is(readModel(join(tuned.dir, 'models', 'network')).info.hearing, 'unchanged');
  const trials = await run(
    'crop-trials',
    { corpus, model },
    { corpus: 'corpus', model: 'model', cropSeconds: 0.2, batches: 2 },
  );
  t.like(trials.result, { trials: 2 * 12 * 12 });
});

test('a training on stored features has the losses of one on the recordings, without dither', async (t) => {
  // Crops start where a frame does, so the utterances are as long as a crop.
  const definition = smallFeatures;
  const dir = temporaryFolder(t);
  await voiceCorpus(join(dir, 'heard'), Array(8).fill(3280));
  const heard = artifactAt(join(dir, 'heard'), 'corpus', { path: null });
  const matrices = await featuresOf(openTraining(heard).train, definition);
  const corpus = await storedCorpus(join(dir, 'stored'), matrices, definition);
  const losses = async (of: typeof corpus, features: object) => {
    const options = { ...PRETRAIN, globalSeconds: 0.205, features, accumulate: 2 };
    const { dir } = await runStage({
      registry,
      stage: 'pretrain',
      dir: temporaryFolder(t),
      artifacts: { corpus: of },
      options,
    });
    return linesOf(dir).map(({ loss }) => loss);
  };
  const [stored, recordings] = [await losses(corpus, definition), await losses(heard, definition)];
  t.is(stored.length, 4);
  close(t, stored, recordings, 1e-3);
});

test('what needs samples is refused of stored features, by name', async (t) => {
  const { corpus } = await corpora(t);
  const refused = async (stage: string, options: object, message: RegExp, artifacts: object = { corpus }) => {
    const attempt = {
      registry,
      stage,
      dir: temporaryFolder(t),
      artifacts: artifacts as never,
      options: options as never,
    };
    await t.throwsAsync(runStage(attempt), { instanceOf: UserError, message });
  };
  const changes = { augmentation: ['random-channel', 'spec-augment'], speeds: [1, 0.9], adversary: {} };
  await refused(
    'pretrain',
    { ...PRETRAIN, ...changes },
    /waveforms: augmentation 'random-channel', speeds, adversary\. Leave/,
  );
  const features = featureDefinition.parse({ bins: BINS, window: 'povey', cmn: false, dither: 3 });
  await refused(
    'pretrain',
    { ...PRETRAIN, features },
    /another definition: window is hamming there and povey here, cmn is true there and false here\. Give/,
  );
  const dir = temporaryFolder(t);
  await writeTinyModel(join(dir, 'models', 'network'));
  const model = artifactAt(dir, 'pretrain', { networks: ['network'] });
  const embed = { corpus: 'corpus', model: 'model' };
  await refused('embed', embed, /hears speech brought to a level, which needs samples/, {
    corpus,
    model,
  });
  await refused('filter', { corpus: 'corpus' }, /holds stored features, and samples are needed/);
});
