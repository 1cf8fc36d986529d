import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readModel } from '../../../src/embed/model-file.js';
import { networkDir } from '../../../src/stages/artifacts/model-artifact.js';
import { importModel } from '../../../src/tools/import-model.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const wavlm = fileURLToPath(new URL('../../../../test/fixtures/import/encoders/wavlm', import.meta.url));

test('head and adapters of an imported encoder are tuned, the encoder is not, and the result embeds', async (t) => {
  const registry = newRegistry();
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: 3, test: 2, each: 4, seconds: 0.6 });
  const run = (stage: string, options: object, artifacts = {}) =>
    runStage({ registry, stage, dir: join(dir, `stage-${stage}`), artifacts, options: { ...options } });
  const corpus = await run('corpus', { source: 'ready', path });
  await importModel(wavlm, join(dir, 'start', 'models', 'network'), undefined, {
    head: 'mhfa',
    mhfaHeads: 2,
    mhfaSize: 6,
    adapter: 2,
  });
  const model = artifactAt(join(dir, 'start'), 'model', { networks: ['network'] });
  const clusters = await run('labels', { corpus: 'corpus' }, { corpus });
  const tuned = await run(
    'finetune',
    {
      corpus: 'corpus',
      clusters: 'clusters',
      init: 'model',
      freeze: { parts: ['network/backbone/encoder/*'] },
      cropSeconds: 0.5,
      batchSize: 4,
      steps: 2,
      rate: { peak: 0.01 },
    },
    { corpus, model, clusters },
  );
  const [before, after] = [readModel(networkDir(model, 'network')), readModel(networkDir(tuned, 'network'))];
  const moved = Object.keys(before.weights).filter(
    (name) => before.weights[name].data.toString() !== after.weights[name].data.toString(),
  );
  t.deepEqual(
    moved.filter((name) => name.startsWith('encoder/')),
    [],
  );
  for (const part of ['adapters/layer1/', 'adapters/layer2/', 'mhfa/', 'embedding/'])
    t.true(
      moved.some((name) => name.startsWith(part)),
      part,
    );
  const embeddings = await run('embed', { corpus: 'corpus', model: 'model' }, { corpus, model: tuned });
  t.like(embeddings.result, { embeddingSize: 256 });
});
