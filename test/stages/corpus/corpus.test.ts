import { join } from 'node:path';
import test from 'ava';
import { listFile } from '../../../src/data/corpus/trial-lists.js';
import { readTrials, writeTrials } from '../../../src/data/trials.js';
import { UserError } from '../../../src/errors.js';
import { writeTinyCorpus } from '../../helpers/corpora/tiny-corpus.js';
import { newRegistry, runStage } from '../../helpers/recipes/run-stage.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('lists of a ready corpus that could not be scored are refused by the corpus stage', async (t) => {
  const dir = temporaryFolder(t);
  const corpus = join(dir, 'corpus');
  writeTinyCorpus(corpus, { train: 1, test: 2, each: 2 });
  const list = listFile(corpus, 'clean');
  const whole = readTrials(list);
  const lines: string[] = [];
  const attempt = () =>
    runStage({
      registry: newRegistry(),
      stage: 'corpus',
      dir: join(dir, 'stage'),
      options: { source: 'ready', path: corpus },
      artifacts: {},
      log: (line) => lines.push(line),
    });
  const [first] = whole;
  for (const [trials, message] of [
    [[...whole, { ...first, test: 'x' }, { ...first, test: 'y' }], /clean names 2 utterances .*: x, y/],
    [whole.filter(({ target }) => target), /clean holds 2 target and 0 nontarget/],
    [[...whole, { ...first, target: !first.target }], /both target and nontarget/],
  ] as const) {
    writeTrials(list, trials);
    await t.throwsAsync(attempt(), { instanceOf: UserError, message });
  }
  writeTrials(list, [...whole, first]);
  await attempt();
  t.true(lines.includes(`Warning: 1 of ${whole.length + 1} trials of clean are repeated; each counts.`));
});
