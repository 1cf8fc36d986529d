import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LISTS, makeVoxCelebShaped } from '../../../../bench/corpora/voxceleb-shaped.js';
import { buildVoxCeleb } from '../../../../src/data/corpus/official/voxceleb.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { readUtterance } from '../../../../src/data/shards/shards.js';
import { readTrials, trialUtterances } from '../../../../src/data/trials.js';
import { UserError } from '../../../../src/errors.js';
import { recording } from '../../../audio/decode/recordings.js';
import { openCorpusFolder, writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { writeTinyCorpus } from '../../../helpers/corpora/tiny-corpus.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

/** Trees in VoxCeleb's layout: six training speakers (one utterance as m4a), four tested ones. */
function shaped(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  writeTinyCorpus(join(folder, 'tiny'), { seconds: 0.4, each: 3 });
  const trees = makeVoxCelebShaped(join(folder, 'tiny'), join(folder, 'vox'), 'wav');
  const m4a = join(trees.voxceleb2, 'aac/id00012/video000000/00009.m4a');
  mkdirSync(dirname(m4a), { recursive: true });
  copyFileSync(recording('foreign.m4a'), m4a);
  return { ...trees, out: join(folder, 'out'), folder };
}

test('VoxCeleb2 with the lists of VoxCeleb1: m4a and wav, genders, all three lists, each over one set of shards', async (t) => {
  const { voxceleb1, voxceleb2, out } = shaped(t);
  writeFileSync(join(voxceleb2, 'wav/id00013/video000000/00009.wav'), 'no sound');
  const lines: string[] = [];
  const summary = await buildVoxCeleb({
    edition: 2,
    root: voxceleb2,
    testRoot: voxceleb1,
    out,
    jobs: 1,
    log: (line) => lines.push(line),
  });
  t.like(summary, { name: 'voxceleb2', train: { utterances: 19, speakers: 6 }, test: { utterances: 24, speakers: 4 } });
  t.deepEqual(summary.skipped, { unreadable: 1 });
  t.regex(readFileSync(join(out, 'skipped.tsv'), 'utf8'), /id00013\/video000000\/00009\.wav\tunreadable\t/);
  t.deepEqual(Object.keys(summary.lists ?? {}).sort(), ['vox1-e', 'vox1-h', 'vox1-o']);
  const { utterances } = readManifest(out);
  t.like(
    utterances.find(({ path }) => path.endsWith('.m4a')),
    { speaker: 'id00012', gender: 'm', split: 'train' },
  );
  const corpus = openCorpusFolder(out);
  t.is(corpus.train.ids.length, 19);
  t.deepEqual(
    corpus.lists.map(({ name }) => name),
    ['vox1-e', 'vox1-h', 'vox1-o'],
  );
  for (const { trials, paths, shards, speakers } of corpus.lists) {
    t.deepEqual(
      trials.filter(
        ({ enrolment, test: other, target }) => target !== (speakers.get(enrolment) === speakers.get(other)),
      ),
      [],
    );
    t.is(paths.length, trialUtterances(trials).length);
    t.is(readUtterance(shards, paths.length - 1).length, 6400);
  }
  t.true((await buildVoxCeleb({ edition: 2, root: voxceleb2, testRoot: voxceleb1, out })).existing);
});

test('the lists as first published stand beside the cleaned ones', async (t) => {
  const { voxceleb1, voxceleb2, out } = shaped(t);
  const trials = Object.keys(LISTS).map((name) => join(voxceleb1, name));
  const { lists = {} } = await buildVoxCeleb({
    edition: 2,
    root: voxceleb2,
    testRoot: voxceleb1,
    out,
    trials,
    jobs: 1,
  });
  const letters = ['e', 'h', 'o'];
  t.deepEqual(
    Object.keys(lists).sort(),
    letters.flatMap((letter) => [`vox1-${letter}`, `vox1-${letter}-original`]),
  );
  const corpus = openCorpusFolder(out);
  const [whole, cleaned] = ['vox1-o-original', 'vox1-o'].map(
    (name) => corpus.lists.find((list) => list.name === name)!,
  );
  // 12 utterances of four speakers: every pair, and all but the fiftieth.
  t.deepEqual([whole.trials.length, cleaned.trials.length], [66, 65]);
  t.deepEqual(
    cleaned.trials,
    whole.trials.filter((_, i) => i !== 49),
  );
});

test('VoxCeleb1: tested speakers are not trained on; unknown utterances are all named at once; E leaves nobody', async (t) => {
  const { voxceleb1, out } = shaped(t);
  for (const n of [1, 2]) writeNoise(join(voxceleb1, `wav/id10001/v/0000${n}.wav`));
  writeNoise(join(voxceleb1, 'wav/id10270/extra/00001.wav'));
  writeNoise(join(voxceleb1, 'wav/id10300/v/00001.wav'));
  writeNoise(join(voxceleb1, 'wav/stray.wav'));
  const summary = await buildVoxCeleb({ edition: 1, root: voxceleb1, out, jobs: 1 });
  t.like(summary, { train: { utterances: 2, speakers: 1 }, test: { utterances: 12, speakers: 4 } });
  t.deepEqual(summary.skipped, { 'held out': 14, 'another layout': 1 });
  const list = join(voxceleb1, 'mine.txt');
  writeFileSync(list, '1 id10270/no/00001.wav id10270/no/00002.wav\n0 id10270/no/00001.wav id99999/no/1.wav\n');
  await t.throwsAsync(buildVoxCeleb({ edition: 1, root: voxceleb1, trials: [list], out: `${out}2` }), {
    instanceOf: UserError,
    message: /mine\.txt names 3 utterances that cannot be found: .*00001\.wav, .*00002\.wav, id99999/,
  });
  rmSync(join(voxceleb1, 'wav/id10001'), { recursive: true });
  await t.throwsAsync(buildVoxCeleb({ edition: 1, root: voxceleb1, out: `${out}3` }), {
    message: /Nobody is left to train on: vox1-o/,
  });
});

test('trials whose recording does not decode are dropped aloud, repeated ones kept aloud', async (t) => {
  const { voxceleb1, voxceleb2, out } = shaped(t);
  const list = join(voxceleb1, 'veri_test2.txt');
  const [first, ...rest] = readFileSync(list, 'utf8').trimEnd().split('\n');
  const [, lost] = first.split(' ');
  const again = rest.find((line) => !line.includes(lost))!;
  writeFileSync(list, [first, ...rest, again, ''].join('\n'));
  writeFileSync(join(voxceleb1, 'wav', lost), '');
  const lines: string[] = [];
  const { lists } = await buildVoxCeleb({
    edition: 2,
    root: voxceleb2,
    testRoot: voxceleb1,
    trials: [list],
    out,
    jobs: 1,
    log: (line) => lines.push(line),
  });
  const dropped = [first, ...rest].filter((line) => line.includes(lost)).length;
  t.like(lists?.['vox1-o'], { dropped, repeated: 1 });
  t.is(lines.filter((line) => /^Warning: .*(dropped|kept)\.$/.test(line)).length, 2);
  t.is(readTrials(join(out, 'trials/vox1-o.txt')).length, rest.length + 2 - dropped);
});
