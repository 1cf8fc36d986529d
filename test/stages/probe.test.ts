import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UserError } from '../../src/errors.js';
import { probeResult } from '../../src/eval/probing/probe-result.js';
import { probesSection, probesText } from '../../src/report/inspect/probe-table.js';
import { writeTinyCorpus } from '../helpers/corpora/tiny-corpus.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { artifactAt, newRegistry, runStage } from '../helpers/recipes/run-stage.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const registry = newRegistry();

/** A corpus of six voices, and an untrained network; runs the stage. */
async function prepared(t: ExecutionContext) {
  const dir = temporaryFolder(t);
  const path = join(dir, 'tiny');
  writeTinyCorpus(path, { train: 6, test: 2, each: 6, seconds: 0.6 });
  const options = { source: 'ready', path };
  const corpus = await runStage({ registry, stage: 'corpus', dir: join(dir, 'corpus'), artifacts: {}, options });
  await writeTinyModel(join(dir, 'trained', 'models', 'network'));
  const artifacts = { corpus, model: artifactAt(join(dir, 'trained'), 'pretrain', { networks: ['network'] }) };
  const run = (chosen: object) =>
    runStage({
      registry,
      stage: 'probe',
      dir: join(dir, 'probe'),
      artifacts,
      options: { corpus: 'corpus', model: 'model', steps: 40, most: 36, ...chosen },
    });
  return { dir, path, run };
}

test('the layers of a network and of its untrained form are probed, with a table, for the report', async (t) => {
  const { dir, run } = await prepared(t);
  const table = join(dir, 'pitch.tsv');
  const lines = [0, 1, 2, 3, 4, 5].map((i) => `voice${i}\t${i % 2 === 0 ? 'even' : 'odd'}`);
  writeFileSync(table, `speaker\tparity\n${lines.join('\n')}\n`);
  const { result } = await run({ attributes: ['speaker', 'gender'], tables: [table] });
  const probes = probeResult.parse(result);
  t.deepEqual(
    probes.networks.map(({ name, attributes }) => [name, attributes.map(({ attribute }) => attribute)]),
    [
      ['network', ['speaker', 'parity']],
      ['untrained', ['speaker', 'parity']],
    ],
  );
  t.deepEqual(probes.skipped, [{ attribute: 'gender', reason: 'no utterance has a value of it' }]);
  const [speaker, parity] = probes.networks[0].attributes;
  t.deepEqual(
    speaker.layers.map(({ layer }) => layer),
    ['features', 'layer1', 'layer2', 'layer3', 'layer4', 'frames', 'pooled', 'embedding'],
  );
  // Six voices that differ in pitch and tilt, two of six utterances of each for the test.
  t.like(speaker, { apart: 'utterances', trained: 24, tested: 12, majority: 1 / 6 });
  t.true(speaker.layers[0].accuracy > 0.5, `speaker ${speaker.layers[0].accuracy}`);
  t.like(parity, { apart: 'speakers', classes: ['even', 'odd'], types: { of: 'speakers', count: 6 } });
  for (const { familiar, control, selectivity } of parity.layers) t.is(selectivity, familiar - control);
  t.regex(
    probesText(probes),
    /network, parity: 2 classes, .*\nlayer +accuracy % +known speakers +control task +selectivity\n/,
  );
  t.regex(probesSection(probes), /gender: not probed, no utterance has a value of it\./);
});

test('what cannot be asked is an error that says so', async (t) => {
  const { dir, path, run } = await prepared(t);
  const refused = (chosen: object) => t.throwsAsync(() => run(chosen), { instanceOf: UserError });
  t.regex(
    (await refused({ attributes: ['gender'] }))!.message,
    /^There is nothing to probe for: gender: no utterance has/,
  );
  t.regex(
    (await refused({ attributes: ['mood'] }))!.message,
    /^attributes: 'mood' is in no table, and none of speaker, /,
  );
  t.regex((await refused({ part: 'clear' }))!.message, /^part: the corpus has no 'clear'.*clean/);
  const table = join(dir, 'others.tsv');
  writeFileSync(table, 'utterance\tword\nnobody-1\tyes\n');
  t.regex(
    (await refused({ tables: [table] }))!.message,
    /others\.tsv names no utterance that is probed: its first is 'nobody-1'/,
  );
  const model = join(dir, 'trained', 'models', 'network');
  const page = join(dir, 'page.html');
  const command = ['probe', model, '--list', path, '--attributes', 'speaker', '--steps', '2', '--most', '40', '--json'];
  const { code, stdout, stderr } = await runMain(command.concat('--report', page));
  t.is(code, 0, stderr);
  t.is(probeResult.parse(JSON.parse(stdout)).networks[0].name, 'trained');
  t.regex(readFileSync(page, 'utf8'), /What the layers know/);
});
