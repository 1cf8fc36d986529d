import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { buildCnCeleb } from '../../../../src/data/corpus/official/cnceleb.js';
import { openCorpusFolder, writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

test('CN-Celeb: development speakers train; enrolment by one recording and by the mean of several', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'CN-Celeb_flac');
  for (const [speaker, n] of [
    ['id00000', 2],
    ['id00001', 2],
    ['id00800', 3],
    ['id00801', 2],
  ] as const)
    for (let i = 1; i <= n; i++) writeNoise(join(root, `data/${speaker}/singing-01-00${i}.wav`));
  for (const speaker of ['id00800', 'id00801']) {
    writeNoise(join(root, `eval/enroll/${speaker}-enroll.wav`));
    writeNoise(join(root, `eval/test/${speaker}-speech-01-001.wav`));
  }
  mkdirSync(join(root, 'eval/lists'), { recursive: true });
  mkdirSync(join(root, 'dev'));
  writeFileSync(join(root, 'dev/dev.lst'), 'id00000\nid00001\n');
  const list = (name: string, ...lines: string[]) =>
    writeFileSync(join(root, 'eval/lists', name), `${lines.join('\n')}\n`);
  list('enroll.lst', 'id00800-enroll enroll/id00800-enroll.flac', 'id00801-enroll enroll/id00801-enroll.flac');
  list(
    'enroll.map',
    'id00800-enroll id00800/singing-01-001.flac id00800/singing-01-002.flac',
    'id00801-enroll id00801/singing-01-001.flac',
  );
  list(
    'trials.lst',
    'id00800-enroll test/id00800-speech-01-001.flac 1',
    'id00801-enroll test/id00800-speech-01-001.flac 0',
  );
  writeNoise(join(folder, 'second/data/id10000/vlog-01-001.wav'));
  const out = join(folder, 'out');
  const summary = await buildCnCeleb({ root, second: join(folder, 'second'), out, jobs: 1 });
  t.like(summary, { train: { utterances: 5, speakers: 3 }, skipped: { 'held out': 3 } });
  const [concat, mean] = openCorpusFolder(out).lists;
  t.deepEqual(
    [concat.name, concat.trials[0].enrolment, concat.models],
    ['cnc-concat', 'eval/enroll/id00800-enroll.wav', []],
  );
  t.is(mean.name, 'cnc-mean');
  t.deepEqual(
    mean.models.map(({ name, utterances }) => [name, utterances.map((row) => mean.paths[row])]),
    [
      ['id00800-enroll', ['data/id00800/singing-01-001.wav', 'data/id00800/singing-01-002.wav']],
      ['id00801-enroll', ['data/id00801/singing-01-001.wav']],
    ],
  );
  t.is(mean.speakers.get('id00801-enroll'), 'id00801');
});
