import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { listFile } from '../../../src/data/corpus/trial-lists.js';
import {
  openTraining,
  openTrialLists,
  trialListNames,
  trialListsToScore,
} from '../../../src/stages/artifacts/corpus-data.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { voiceCorpus } from '../../helpers/corpora/voices.js';
import { newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('the training part and the names of the lists are there without reading a list', async (t) => {
  const dir = temporaryFolder(t);
  const path = join(dir, 'corpus');
  writeTinyCorpus(path, { train: 1, test: 2, each: 2 });
  const artifact = await runStage({
    registry: newRegistry(),
    stage: 'corpus',
    dir: join(dir, 'stage'),
    options: { source: 'ready', path },
    artifacts: {},
  });
  const [clean] = openTrialLists(artifact);
  t.is(clean.name, 'clean');
  t.is(clean.paths.length, 4);
  writeFileSync(listFile(path, 'clean'), 'no trial list');
  t.is(openTraining(artifact).train.ids.length, 2);
  t.deepEqual(trialListNames(artifact), ['clean', 'channel']);
  t.throws(() => openTrialLists(artifact));
});

test('a corpus without trial lists has no names, and a stage that scores says so in one line', async (t) => {
  const dir = temporaryFolder(t);
  await voiceCorpus(dir, [2000, 2000]);
  const artifact = { dir, result: { path: null } };
  t.deepEqual(trialListNames(artifact), []);
  t.deepEqual(openTrialLists(artifact), []);
  const said: string[] = [];
  t.deepEqual(
    trialListsToScore(artifact, (line) => said.push(line)),
    [],
  );
  t.is(said.length, 1);
  t.regex(said[0], /no trial lists/);
});
