import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { loadMono16k } from '../../../../src/audio/decode/decode.js';
import { buildDirCorpus, type DirCorpusOptions } from '../../../../src/data/corpus/folder/folder.js';
import { listRecordings } from '../../../../src/data/corpus/recordings.js';
import { checkManifest, readManifest } from '../../../../src/data/manifest.js';
import { readTrials, trialUtterances } from '../../../../src/data/trials.js';
import { UserError } from '../../../../src/errors.js';
import { recording } from '../../../audio/decode/recordings.js';
import { writeBadRecordings, writeRecordings } from '../../../helpers/corpora/recordings-folder.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

const SPEAKERS = ['anna', 'ben', 'carl', 'dora', 'eva'];

/** Every file of a folder with its content. */
function contentOf(dir: string): Record<string, string> {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), 'base64')]));
}

const build = (parent: string, more: Partial<DirCorpusOptions> = {}) =>
  buildDirCorpus({ out: join(parent, 'out'), root: join(parent, 'root'), minSeconds: 0.3, jobs: 2, ...more });

test('known speakers: a split between them, balanced trials in two forms, bad files listed', async (t) => {
  const parent = temporaryFolder(t);
  const root = join(parent, 'root');
  writeRecordings(root, SPEAKERS, 5);
  writeRecordings(root, ['few'], 2);
  copyFileSync(recording('opus-stereo.opus'), join(root, 'few/odd.opus'));
  copyFileSync(recording('mp3.mp3'), join(root, 'few/odd.MP3'));
  const bad = writeBadRecordings(root, 'few/bad');
  writeFileSync(join(root, 'few/._hidden.wav'), 'x');
  writeFileSync(join(root, 'few/notes.txt'), 'x');

  const lines: string[] = [];
  const summary = await build(parent, { speakerPart: 0, log: (line) => lines.push(line) });
  const counts = { unreadable: 6, silent: 1, clipped: 1, 'too short': 1 };
  t.like(summary, { name: 'dir', existing: false, utterances: 29, speakers: 6, skipped: counts });
  t.deepEqual(
    [summary.train, summary.test],
    [
      { utterances: 19, speakers: 4 },
      { utterances: 10, speakers: 2 },
    ],
  );
  t.regex(lines[0], /Decoding 38 recordings/);
  t.true(lines.includes('  38 of 38 decoded'));

  const manifest = readManifest(summary.dir);
  checkManifest(manifest);
  const sides = new Map(manifest.utterances.map(({ speaker, split }) => [`${speaker} ${split}`, speaker]));
  t.is(sides.size, 6, 'each speaker is on one side');
  t.true(sides.has('few train'));
  t.like(manifest.utterances[0], {
    id: 'anna-take-0',
    path: 'wav/anna/anna-take-0.wav',
    speaker: 'anna',
    seconds: 0.4,
  });
  t.deepEqual(
    await loadMono16k(join(summary.dir, 'wav/anna/anna-take-0.wav')),
    await loadMono16k(join(root, 'anna/take/0.wav')),
  );
  t.true(manifest.utterances.filter(({ id }) => id.startsWith('few-odd-')).every(({ seconds }) => seconds >= 0.49));

  const rows = readFileSync(join(summary.dir, 'skipped.tsv'), 'utf8').trimEnd().split('\n').slice(1);
  t.is(rows.length, Object.keys(bad).length);
  for (const row of rows) {
    const [file, kind, reason] = row.split('\t');
    const expected = bad[file.replace('few/bad/', '')];
    t.is(kind, expected.kind, row);
    t.regex(reason, expected.reason);
    t.false(reason.includes(parent), 'reasons name files below the root');
  }

  const [clean, channel] = ['clean', 'channel'].map((name) => readTrials(join(summary.dir, 'trials', `${name}.txt`)));
  t.is(clean.length, 40, 'twice the 2 x 10 pairs of one speaker');
  t.is(clean.filter(({ target }) => target).length, 20);
  const moved = (path: string) => path.replace(/^wav/, 'channel');
  t.deepEqual(
    channel,
    clean.map(({ enrolment, test: other, target }) => ({ enrolment: moved(enrolment), test: moved(other), target })),
  );
  for (const path of [...trialUtterances(clean), ...trialUtterances(channel)])
    t.true(existsSync(join(summary.dir, path)));

  t.true((await build(parent, { speakerPart: 0 })).existing);
  const again = await build(parent, { speakerPart: 0, out: join(parent, 'again'), jobs: 1 });
  t.deepEqual(contentOf(again.dir), contentOf(summary.dir), 'the same bytes');
  writeRecordings(root, ['late'], 1);
  await t.throwsAsync(build(parent, { speakerPart: 0 }), { instanceOf: UserError, message: /--force/ });
});

test('recordings are listed in the order of their whole paths', (t) => {
  const paths = [
    'a/z.wav',
    'a-b/1.wav',
    'a.wav',
    'a0.wav',
    'a/b/2.wav',
    'a/b.wav',
    'a/b-c.wav',
    'B.wav',
    'ä/1.wav',
    'a b.wav',
  ];
  const root = temporaryFolder(t, Object.fromEntries(paths.map((path) => [path, 'x'])));
  t.deepEqual([...listRecordings(root, ['wav']).files], [...paths].sort());
});

test('without speakers all trains, and there are no trials', async (t) => {
  const parent = temporaryFolder(t);
  writeRecordings(join(parent, 'root'), ['a b', 'a_b', '-'], 2);
  const summary = await build(parent);
  t.like(summary, { utterances: 6, speakers: 0, trials: 0, skipped: {} });
  const { utterances } = readManifest(summary.dir);
  t.true(utterances.every(({ speaker, split }) => speaker === null && split === 'train'));
  t.is(new Set(utterances.map(({ path }) => path.toLowerCase())).size, 6);
  t.deepEqual(readdirSync(summary.dir).sort(), ['LICENSES.md', 'corpus.json', 'manifest.tsv', 'wav']);
});

test('links lead nowhere, capitals and forms of one name are told apart', async (t) => {
  const parent = temporaryFolder(t);
  const root = join(parent, 'root');
  writeRecordings(root, ['Anna', 'anna', '-'], 1);
  writeRecordings(join(parent, 'elsewhere'), ['x'], 1);
  symlinkSync(join(parent, 'elsewhere'), join(root, 'Anna/away'));
  symlinkSync(join(parent, 'elsewhere/x/take/0.wav'), join(root, 'Anna/away.wav'));
  symlinkSync(root, join(root, 'Anna/round'));
  const summary = await build(parent, { speakerPart: 0 });
  t.like(summary, { utterances: 3, speakers: 3, skipped: { link: 3 } });
  t.is(new Set(readManifest(summary.dir).utterances.map(({ speaker }) => speaker!.toLowerCase())).size, 3);

  symlinkSync(root, join(parent, 'root-link'));
  t.is((await build(parent, { root: join(parent, 'root-link'), out: join(parent, 'via-link') })).utterances, 3);
});

test('a killed build goes on with what it had decoded', async (t) => {
  const parent = temporaryFolder(t);
  writeRecordings(join(parent, 'root'), SPEAKERS, 6);
  const options = { out: join(parent, 'out'), root: join(parent, 'root'), speakerPart: 0, minSeconds: 0.3, jobs: 1 };
  const script = `
    import { buildDirCorpus } from ${JSON.stringify(new URL('../../../../src/data/corpus/folder/folder.js', import.meta.url).href)};
    const log = (line) => line.startsWith('  10 of') && process.kill(process.pid, 'SIGKILL');
    await buildDirCorpus({ ...${JSON.stringify(options)}, log });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.is((await once(child, 'exit'))[1], 'SIGKILL');

  t.false(existsSync(options.out));
  const partial = join(parent, 'out.partial');
  const done = Object.keys(contentOf(partial)).filter((name) => name.endsWith('.wav'));
  t.true(done.length >= 10 && done.length < 30, `${done.length} done`);
  const stampOf = (dir: string) => done.map((name) => statSync(join(dir, name)).mtimeMs);
  const before = stampOf(partial);
  writeFileSync(join(partial, 'wav/anna/anna-take-0.wav.12345678.tmp'), 'half');

  const lines: string[] = [];
  const summary = await buildDirCorpus({ ...options, log: (line) => lines.push(line) });
  t.true(lines.includes('Resuming an interrupted build.'));
  t.deepEqual(stampOf(summary.dir), before, 'nothing was decoded twice');
  const { dir } = await buildDirCorpus({ ...options, out: join(parent, 'whole') });
  t.deepEqual(contentOf(summary.dir), contentOf(dir));
  t.deepEqual(readdirSync(parent).sort(), ['out', 'root', 'whole']);
});

test('an aborted build of other recordings or options starts over', async (t) => {
  const parent = temporaryFolder(t);
  writeRecordings(join(parent, 'root'), SPEAKERS, 4);
  const controller = new AbortController();
  const log = (line: string) => line.startsWith('  5 of') && controller.abort(new Error('stopped'));
  await t.throwsAsync(build(parent, { log, signal: controller.signal }), { message: 'stopped' });
  t.true(existsSync(join(parent, 'out.partial')));
  const lines: string[] = [];
  const summary = await build(parent, { speakerPart: 0, log: (line) => lines.push(line) });
  t.false(lines.includes('Resuming an interrupted build.'));
  t.true(
    lines.some((line) => line.startsWith('No trials')),
    'speakers have only four utterances',
  );
  t.deepEqual(readdirSync(join(summary.dir, 'wav')), SPEAKERS);
});

test('test speakers as asked for', async (t) => {
  const parent = temporaryFolder(t);
  writeRecordings(join(parent, 'root'), SPEAKERS, 5);
  writeRecordings(join(parent, 'root'), ['few'], 2);
  const split = async (testSpeakers: number, out: string) =>
    (await build(parent, { speakerPart: 0, testSpeakers, out: join(parent, out) })).test.speakers;
  t.is(await split(3, 'three'), 3);
  t.is(await split(0, 'none'), 0);
  await t.throwsAsync(split(6, 'six'), { instanceOf: UserError, message: /6 test speakers .* 5 of 6 speakers have/ });
  await t.throwsAsync(split(1, 'one'), { instanceOf: UserError, message: /at least 2 test speakers/ });
});

test("the user's mistakes are named", async (t) => {
  const parent = temporaryFolder(t);
  const root = join(parent, 'root');
  const refuses = async (more: Partial<DirCorpusOptions>, message: RegExp) => {
    await t.throwsAsync(build(parent, more), { instanceOf: UserError, message });
    t.false(existsSync(join(parent, 'out')) || existsSync(join(parent, 'out.partial')));
  };
  await refuses({}, /There is no folder .*root/);
  writeFileSync(join(parent, 'file'), 'x');
  await refuses({ root: join(parent, 'file') }, /file is a file/);
  mkdirSync(root);
  await refuses({}, /root holds no recordings \(\.aac, .*Check the path/);
  writeFileSync(join(root, 'a.mid'), 'x');
  symlinkSync(parent, join(root, 'up'));
  await refuses({}, /It holds 1 \.mid files: .*--ext.* It holds 1 symbolic links/);
  await refuses({ extensions: ['mid'] }, /The only recording cannot be used: a\.mid is not audio/);
  writeRecordings(root, ['anna'], 2);
  copyFileSync(join(root, 'anna/take/0.wav'), join(root, 'loose.wav'));
  await refuses({ speakerPart: 0 }, /1 of 3 recordings .* no folder for part 0 .*: loose\.wav/);
  await refuses({ testSpeakers: 2 }, /speakers are known/);
  await t.throwsAsync(build(parent, { out: join(root, 'corpus') }), {
    instanceOf: UserError,
    message: /lies in .*root/,
  });
  await t.throwsAsync(build(parent, { out: parent }), { instanceOf: UserError, message: /would be replaced/ });
});
