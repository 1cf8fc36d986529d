import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildDirCorpus } from '../../../../src/data/corpus/folder/folder.js';
import { buildFoldersCorpus, type FoldersCorpusOptions } from '../../../../src/data/corpus/folders/folders.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { UserError } from '../../../../src/errors.js';
import { recording } from '../../../audio/decode/recordings.js';
import { openCorpusFolder, writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

/** Two collections of known speakers, two recordings each, and one of unknown ones. */
function collections(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const root = join(folder, 'data');
  for (const speaker of ['libri/anna', 'libri/ben', 'libri/carl', 'calls/dora', 'calls/eva'])
    for (const name of ['1', '2']) writeNoise(join(root, speaker, 'session', `${name}.wav`));
  for (const name of ['1', '2', '3']) writeNoise(join(root, 'mixed/unk', `${name}.wav`));
  const file = (name: string, ...lines: string[]) => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
    return join(folder, name);
  };
  const folders = [{ path: 'libri', speakerPart: 0 }, { path: 'calls', speakerPart: 0 }, { path: 'mixed' }];
  const build = (more: Partial<FoldersCorpusOptions> = {}) =>
    buildFoldersCorpus({ root, folders, out: join(folder, 'out'), jobs: 1, ...more });
  return { folder, root, file, folders, build, out: join(folder, 'out') };
}

const pathsOf = (out: string, side: string) =>
  readManifest(out).utterances.flatMap(({ path, split }) => (split === side ? [path] : []));

const fold = (speaker: string, ...names: string[]) => names.map((name) => `${speaker}/session/${name}.wav`);

test('folders: trials are tested; whoever is tested, and folders of tests, are not trained on', async (t) => {
  const { file, build, out } = collections(t);
  const trials = file(
    'calls.txt',
    `1 ${fold('calls/dora', '1', '2').join(' ')}`,
    `0 calls/dora/session/1.wav libri/ben/session/2.wav`,
  );
  const tests = file('tests.txt', '# in tests only', '', 'libri/carl/   # a reader', 'calls');
  const lines: string[] = [];
  const summary = await build({ trials: [trials], tests, log: (line) => lines.push(line) });
  t.deepEqual(
    pathsOf(out, 'train'),
    [...fold('libri/anna', '1', '2'), ...fold('mixed', '1', '2', '3')].map((path) =>
      path.replace('mixed/session', 'mixed/unk'),
    ),
  );
  t.deepEqual(pathsOf(out, 'test'), ['libri/ben/session/2.wav', ...fold('calls/dora', '1', '2')]);
  t.like(summary, { name: 'folders', train: { utterances: 5, speakers: 1 }, skipped: { 'held out': 5 } });
  t.deepEqual(summary.lists, { calls: { trials: 2, targets: 1, dropped: 0, repeated: 0 } });
  t.true(lines.includes('libri: 2 recordings to train on, 1 to test, 3 held out'));
  const skipped = readFileSync(join(out, 'skipped.tsv'), 'utf8');
  t.regex(skipped, /libri\/ben\/session\/1\.wav\theld out\tits speaker is tested, and no trial names it/);
  t.regex(skipped, /calls\/eva\/session\/2\.wav\theld out\tit is kept for tests, and no trial names it/);
  const { trainSpeakers, lists } = openCorpusFolder(out);
  t.deepEqual(trainSpeakers, ['libri/anna', 'libri/anna', '', '', '']);
  t.is(lists[0].speakers.get('calls/dora/session/1.wav'), 'calls/dora');
  t.false(readdirSync(out).includes('wav'), 'no recording is copied');
});

test('folders: a trial may name stretches of a recording, which then stand for it', async (t) => {
  const { file, root, build, out } = collections(t);
  const long = 'libri/carl/session/1.wav';
  writeNoise(join(root, long), 3);
  const trials = file(
    'parts.txt',
    `1 ${long}#t=0,1.25 ${long}#t=1.5`,
    `0 ${long}#t=,0.5 libri/ben/session/1.wav`,
    '0 libri/ben/session/1.wav libri/ben/session/1.wav#t=0.1,0.2',
  );
  await build({ trials: [trials] });
  const tested = readManifest(out).utterances.filter(({ split }) => split === 'test');
  t.deepEqual(
    tested.map(({ path, speaker, seconds }) => [path, speaker, Number(seconds.toFixed(2))]),
    [
      ['libri/ben/session/1.wav', 'libri/ben', 0.3],
      ['libri/ben/session/1.wav#t=0.1,0.2', 'libri/ben', 0.1],
      [`${long}#t=0,1.25`, 'libri/carl', 1.25],
      [`${long}#t=1.5`, 'libri/carl', 1.5],
      [`${long}#t=,0.5`, 'libri/carl', 0.5],
    ],
  );
  t.is(new Set(tested.map(({ id }) => id)).size, 5);
  const backwards = file('backwards.txt', `1 ${long}#t=2,1 ${long}#t=0,1`);
  await t.throwsAsync(build({ trials: [backwards], out: `${out}-2` }), {
    message: /#t=2,1, which ends before it begins/,
  });
  const beyond = file('beyond.txt', `1 ${long}#t=0,1 ${long}#t=8,9`, `0 ${long}#t=0,1 libri/ben/session/1.wav`);
  const { skipped } = await build({ trials: [beyond], out: `${out}-3` });
  t.like(skipped, { 'past the end': 1 });
});

test('folders: without trials, what is kept for tests is tested, by trials that are drawn', async (t) => {
  const { file, build, out } = collections(t);
  const summary = await build({ tests: file('tests.txt', 'calls', 'libri/carl/session/1.wav') });
  t.deepEqual(Object.keys(summary.lists!), ['drawn']);
  t.deepEqual(pathsOf(out, 'test'), [
    'libri/carl/session/1.wav',
    ...fold('calls/dora', '1', '2'),
    ...fold('calls/eva', '1', '2'),
  ]);
  t.deepEqual(summary.skipped, { 'held out': 1 }, "the other recording of carl's is not trained on");
});

test('folders: a trial of somebody unknown in a folder to train on is refused, as far as tests do not name the folder', async (t) => {
  const { file, build, out } = collections(t);
  const trials = file('mine.txt', '1 mixed/unk/1.wav mixed/unk/2.wav', '0 mixed/unk/1.wav libri/ben/session/1.wav');
  await t.throwsAsync(build({ trials: [trials] }), {
    instanceOf: UserError,
    message:
      /Trials name 2 recordings of unknown speakers .*: mixed\/unk\/1\.wav, mixed\/unk\/2\.wav\. Write their folder/,
  });
  await build({ trials: [trials], tests: file('tests.txt', 'mixed/unk') });
  t.false(pathsOf(out, 'train').some((path) => path.startsWith('mixed') || path.startsWith('libri/ben')));
});

test('folders: of a corpus made by voxloop only its training utterances are trained on, under its speakers', async (t) => {
  const { folder, root, file, build, out } = collections(t);
  const recordings = join(folder, 'recordings');
  for (const speaker of ['a', 'b', 'c', 'd'])
    for (let i = 0; i < 5; i++) writeNoise(join(recordings, speaker, `${i}.wav`));
  await buildDirCorpus({ root: recordings, out: join(root, 'made'), speakerPart: 0, testSpeakers: 2, minSeconds: 0.1 });
  const made = readManifest(join(root, 'made')).utterances;
  const folders = [{ path: 'libri', speakerPart: 0 }, { path: 'made' }];
  const trials = file(
    'libri.txt',
    `1 ${fold('libri/ben', '1', '2').join(' ')}`,
    '0 libri/ben/session/1.wav libri/anna/session/1.wav',
  );
  await build({ folders, trials: [trials] });
  const train = pathsOf(out, 'train').filter((path) => path.startsWith('made/'));
  t.deepEqual(
    train,
    made.flatMap(({ path, split }) => (split === 'train' ? [`made/${path}`] : [])),
  );
  t.is(train.length, 10);
  t.true(openCorpusFolder(out).trainSpeakers.every((speaker) => /^(libri|made)\/\w+$/.test(speaker)));
  const parted = { path: 'made', speakerPart: 1 };
  await t.throwsAsync(build({ folders: [parted], out: `${out}2` }), { message: /manifest\.tsv names the speakers/ });
  await build({ folders: [{ path: 'libri' }], out: join(root, 'sharded') });
  await t.throwsAsync(build({ folders: [{ path: 'sharded' }], out: `${out}3` }), {
    instanceOf: UserError,
    message: /holds its sound in shards.*folder of recordings that it was made of/,
  });
});

test('folders: another table called manifest.tsv, links, other formats and folders outside of the root', async (t) => {
  const { folder, root, build, out } = collections(t);
  writeFileSync(join(root, 'libri/manifest.tsv'), 'path\tspeaker\nlibri/x.wav\tx\n');
  mkdirSync(join(folder, 'far/zoe'), { recursive: true });
  copyFileSync(recording('opus-stereo.opus'), join(folder, 'far/zoe/1.opus'));
  copyFileSync(recording('flac-24-stereo.flac'), join(folder, 'far/zoe/2.flac'));
  symlinkSync(join(folder, 'far'), join(root, 'near'));
  const folders = [{ path: 'libri', speakerPart: 0 }, { path: 'near/', speakerPart: 0 }, { path: '../data/mixed' }];
  await build({ folders });
  t.deepEqual(pathsOf(out, 'train').slice(6, 8), ['near/zoe/1.opus', 'near/zoe/2.flac']);
  const absolute = join(folder, 'far');
  await build({ folders: [{ path: absolute, speakerPart: 0 }], out: `${out}2` });
  t.deepEqual(pathsOf(`${out}2`, 'train'), ['../far/zoe/1.opus', '../far/zoe/2.flac']);
  await t.throwsAsync(build({ folders: [{ path: 'near' }, { path: absolute }], out: `${out}3` }), {
    instanceOf: UserError,
    message: /The folder \.\.\/far lies in near, or is the same: name one of the two/,
  });
});

test('folders: missing ones are an error that names them, or left out with their trials and their lines of tests', async (t) => {
  const { folder, file, folders, build, out } = collections(t);
  const more = [...folders, { path: 'lost', speakerPart: 0 }];
  const trials = [
    file(
      'some.txt',
      `1 ${fold('calls/dora', '1', '2').join(' ')}`,
      '0 calls/dora/session/1.wav calls/eva/session/1.wav',
      '0 lost/x/1.wav lost/y/1.wav',
    ),
    file('none.txt', '1 lost/x/1.wav lost/x/2.wav', '0 lost/x/1.wav lost/y/1.wav'),
    join(folder, 'gone.txt'),
  ];
  const tests = file('tests.txt', 'lost/x', 'calls');
  await t.throwsAsync(build({ folders: more, trials, tests }), {
    instanceOf: UserError,
    message:
      /1 of 4 folders are not there below .*data: lost\. Correct the paths, or go on without them \(--skip-missing/,
  });
  const lines: string[] = [];
  const options = { folders: more, trials, tests, skipMissing: true, log: (line: string) => lines.push(line) };
  const summary = await build(options);
  t.deepEqual(Object.keys(summary.lists!), ['some']);
  t.true(lines.includes('Warning: folders that are not there are left out: lost.'));
  t.true(lines.includes('Warning: 1 of 3 trials of some are of folders that are left out.'));
  t.true(lines.includes(`Warning: trial lists that are not there are left out: ${join(folder, 'gone.txt')}.`));
  t.true((await build(options)).existing, 'the same options find the same corpus');
  await t.throwsAsync(build({ folders: [{ path: 'lost' }], skipMissing: true, out: `${out}2` }), {
    instanceOf: UserError,
    message: /None of the folders is there/,
  });
});

test('folders: lines of tests and trials that name nothing are refused before anything is decoded', async (t) => {
  const { folder, file, build, out } = collections(t);
  const targets = `1 ${fold('calls/dora', '1', '2').join(' ')}`;
  for (const [options, message] of [
    [
      { tests: file('tests.txt', 'calls', '# and', 'libri/cral') },
      /hold no recording[\s\S]*tests\.txt:3: libri\/cral\n/,
    ],
    [{ tests: file('rooted.txt', '/libri/carl') }, /rooted\.txt:1: expected a path from the root/],
    [{ tests: file('empty.txt', '# none') }, /names no folder/],
    [{ tests: file('all.txt', 'calls', 'libri', 'mixed') }, /Nothing is left to train on/],
    [
      { trials: [file('a.txt', targets, '0 calls/eva/1.wav calls/dora/session/1.wav')] },
      /names 1 utterance .*calls\/eva\/1\.wav/,
    ],
    [{ trials: [join(folder, 'gone.txt')] }, /The trial list .*gone\.txt does not exist/],
    [{ folders: [{ path: 'libri', speakerPart: 3 }] }, /lie in no folder for part 3 of the path/],
  ] as const)
    await t.throwsAsync(build(options), { instanceOf: UserError, message });
  t.false(readdirSync(dirname(out)).some((name) => name.startsWith('out')));
});

test('folders: short recordings are not trained on, and are tested all the same', async (t) => {
  const { root, build, file, out } = collections(t);
  writeNoise(join(root, 'libri/anna/session/long.wav'), 1);
  const trials = file(
    'calls.txt',
    `1 ${fold('calls/dora', '1', '2').join(' ')}`,
    '0 calls/dora/session/1.wav calls/eva/session/1.wav',
  );
  const summary = await build({ trials: [trials], minSeconds: 0.5 });
  t.deepEqual(pathsOf(out, 'train'), ['libri/anna/session/long.wav']);
  t.like(summary, { test: { utterances: 3 }, skipped: { 'too short': 9, 'held out': 1 } });
});
