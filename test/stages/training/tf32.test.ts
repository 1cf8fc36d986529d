import test from 'ava';
import { tensorFloat32Allowed } from '../../../src/engine/graph/tensor-float-32.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { artifactAt, newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { withSession } from '../../helpers/session.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('a training lets a GPU compute in TF32 unless its recipe says no, and what follows it does not', async (t) => {
  const corpus = temporaryFolder(t);
  await voiceCorpus(
    corpus,
    Array.from({ length: 8 }, (_, i) => 5000 + 500 * i),
  );
  const train = (options: object) =>
    runStage({
      registry: newRegistry(),
      stage: 'pretrain',
      dir: temporaryFolder(t),
      options: {
        corpus: 'corpus',
        method: { name: 'vicreg', projection: [16, 8] },
        backbone: { name: 'tdnn', width: 16 },
        features: { bins: 16 },
        globalSeconds: 0.3,
        batchSize: 4,
        steps: 1,
        rate: { kind: 'constant', peak: 1e-3 },
        ...options,
      },
      artifacts: { corpus: artifactAt(corpus, 'corpus', { path: null }) },
    });
  await train({});
  t.true(tensorFloat32Allowed());
  await train({ tf32: false });
  t.false(tensorFloat32Allowed());

  await train({});
  await withSession(async (session) => {
    session.variable('any', [1], 0);
    await session.save();
  });
  t.false(tensorFloat32Allowed());
});
