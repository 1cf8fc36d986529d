import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { learnFolder } from '../../../src/cli/learn/learn-folder.js';
import { readModel } from '../../../src/embed/model-file.js';
import { Interrupted } from '../../../src/pipeline/run/interrupt.js';
import { writeTalkers } from '../../helpers/corpora/unknown-speakers.js';
import { runCli } from '../../helpers/run-cli.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

/** configs/learn.yaml for seconds instead of hours. */
const template = `
name: learn
threads: 1
stages:
  - {stage: corpus, as: recordings, source: dir, path: recordings}
  - {stage: filter, as: speech, corpus: recordings}
  - {stage: noises, corpus: speech, made: {noises: 2, noiseSeconds: 1, rooms: 2}}
  - stage: pretrain
    as: ssl
    corpus: speech
    method: simclr
    backbone: {name: tdnn, embeddingSize: 16}
    augmentation: &heard [{name: noise-reverb, bank: noises}]
    globalSeconds: 0.5
    steps: 10
    rate: {peak: 0.003}
  - {stage: embed, as: start, corpus: speech, model: ssl}
  - {stage: cluster, as: clusters, corpus: speech, embeddings: start, algorithm: {name: kmeans, clusters: 2}}
  - stage: loop
    corpus: speech
    init: ssl
    algorithm: {name: kmeans, clusters: 2}
    trialBatches: 4
    training: {augmentation: *heard, cropSeconds: 0.5, epochs: 2, rate: {peak: 0.001}}
  - {stage: embed, as: voices, corpus: speech, model: loop}
  - {stage: report, corpus: speech, systems: [], training: [ssl, loop], map: voices}
`;

test('a folder of voices that nobody named becomes a model and a report, also when it is stopped on the way', async (t) => {
  t.timeout(300_000);
  const dir = temporaryFolder(t, { 'tiny.yaml': template });
  const folder = join(dir, 'recordings');
  writeTalkers(folder, 3, 8);
  writeFileSync(join(folder, 'broken.wav'), 'no sound');
  const out = join(dir, 'mine');
  const said: string[] = [];
  const stop = new AbortController();
  const learn = (signal: AbortSignal, onLine: (line: string) => void = () => {}) =>
    learnFolder({
      folder,
      out,
      hours: 0.001,
      device: 'cpu',
      template: join(dir, 'tiny.yaml'),
      signal,
      say(line) {
        said.push(line);
        onLine(line);
      },
    });
  const trialStop = new AbortController();
  const stopInTrial = (line: string) => line.endsWith('trial (pretrain)') && trialStop.abort(new Interrupted());
  await t.throwsAsync(learn(trialStop.signal, stopInTrial), { instanceOf: Interrupted });
  const stopWithPlan = (line: string) => line.startsWith('plan: ') && stop.abort(new Interrupted());
  await t.throwsAsync(learn(stop.signal, stopWithPlan), { instanceOf: Interrupted });
  const settings = readFileSync(join(out, 'learn.json'), 'utf8');
  const { report } = await learn(new AbortController().signal);
  t.is(said.filter((line) => line.startsWith('plan: ')).length, 1, said.join('\n'));
  t.is(readFileSync(join(out, 'learn.json'), 'utf8'), settings);
  t.is(readModel(join(out, 'stages', 'voices', 'model')).info.embeddingSize, 16);
  t.regex(report, /model: .*voices.model/);
  t.regex(report, /left out: .*skipped\.tsv/);
  t.regex(readFileSync(join(out, 'stages', 'recordings', 'corpus', 'skipped.tsv'), 'utf8'), /broken\.wav/);
  t.regex(readFileSync(join(out, 'recipe.yaml'), 'utf8'), /width: 128/);
  t.true(existsSync(join(out, 'report.html')));
  t.false(existsSync(join(out, 'stages', 'trial')));

  writeTalkers(folder, 4, 8);
  await t.throwsAsync(learn(new AbortController().signal), { message: /other recordings.*--force/ });
});

test('what cannot be learnt from is refused before anything is written', async (t) => {
  const dir = temporaryFolder(t);
  writeTalkers(join(dir, 'two'), 2, 1);
  const learn = (folder: string) => runCli(['learn', folder, '--out', 'mine'], { cwd: dir });
  const [missing, few] = [await learn('nowhere'), await learn('two')];
  t.is(missing.code, 2);
  t.regex(missing.stderr, /There is no folder nowhere/);
  t.is(few.code, 2);
  t.regex(few.stderr, /two holds 2 recordings.*at least 20/);
  t.false(existsSync(join(dir, 'mine')));
});
