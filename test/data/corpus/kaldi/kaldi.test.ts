import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { buildKaldiCorpus } from '../../../../src/data/corpus/kaldi/kaldi.js';
import { readManifest } from '../../../../src/data/manifest.js';
import { readUtterance } from '../../../../src/data/shards/shards.js';
import { UserError } from '../../../../src/errors.js';
import { recording } from '../../../audio/decode/recordings.js';
import { namedNoise, openCorpusFolder, writeNoise } from '../../../helpers/corpora/made-recordings.js';
import { temporaryFolder } from '../../../helpers/temporary-folder.js';

/** A Kaldi folder of two speakers with a recording each, in segments; and one tested recording. */
function kaldiFolder(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'data');
  const file = (name: string, ...lines: string[]) => writeFileSync(join(dir, name), `${lines.join('\n')}\n`);
  writeNoise(join(dir, 'a.wav'), 2);
  writeNoise(join(dir, 'b.wav'), 1, 96000);
  copyFileSync(recording('pcm-8.wav'), join(dir, 'eight.wav'));
  copyFileSync(recording('flac-24-stereo.flac'), join(dir, 'stereo.flac'));
  file('wav.scp', 'ra a.wav', 'rb b.wav', 'r8 eight.wav', 'rs stereo.flac');
  file(
    'segments',
    'a1 ra 0.25 0.75',
    'a2 ra 1.5 2.3',
    'a3 ra 1.9 9',
    'b1 rb 0 -1',
    'e1 r8 0 -1',
    's1 rs 0 -1 1',
    's2 rs 0 -1 5',
  );
  file('utt2spk', 'a1 anna', 'a2 anna', 'a3 anna', 'b1 ben', 'e1 eva', 's1 sam', 's2 sam');
  file('spk2gender', 'anna f', 'ben m');
  return { folder, dir, file, out: join(folder, 'out') };
}

test('Kaldi: segments of one recording, 96 kHz, 8 bits, one channel of two; what passes the end is left out', async (t) => {
  const { dir, out } = kaldiFolder(t);
  const summary = await buildKaldiCorpus({ root: dir, out, jobs: 1 });
  t.deepEqual(summary.skipped, { 'past the end': 1, unreadable: 1 });
  const skipped = readFileSync(join(out, 'skipped.tsv'), 'utf8');
  t.regex(skipped, /past the end: the segment from 1\.9 to 9 s of .*a\.wav, which lasts 2\.00 s/);
  t.deepEqual(skipped.match(/^\w+\t(past|unread)/gm), ['a3\tpast', 's2\tunread'], 'parts go by their own names');
  t.regex(skipped, /has 2 channels; channel 5 \(from 0\)/);
  const found = readManifest(out).utterances;
  t.deepEqual(found.map(({ id, seconds, gender }) => [id, seconds, gender]).slice(0, 3), [
    ['a1', 0.5, 'f'],
    ['a2', 0.5, 'f'],
    ['b1', 1, 'm'],
  ]);
  const { train } = openCorpusFolder(out);
  const whole = namedNoise(join(dir, 'a.wav'), 2);
  const first = readUtterance(train, 0);
  t.deepEqual([first[0], first[7999]], [Math.round(whole[4000] * 32768), Math.round(whole[11999] * 32768)]);
});

test('Kaldi: a command in wav.scp is refused with its lines, and runs only with the flag', async (t) => {
  const { dir, out, file, folder } = kaldiFolder(t);
  const mark = join(folder, 'ran');
  file('wav.scp', 'ra a.wav', `rb touch ${mark}; cat ${join(dir, 'b.wav')} |`, 'r8 eight.wav', 'rs exit 3 |');
  await t.throwsAsync(buildKaldiCorpus({ root: dir, out }), {
    instanceOf: UserError,
    message: /wav\.scp holds 2 commands to run \(line 2, 4\).*--allow-pipes/,
  });
  t.deepEqual(readdirSync(folder), ['data'], 'nothing ran');
  const summary = await buildKaldiCorpus({ root: dir, out, jobs: 1, allowPipes: true });
  t.true(readdirSync(folder).includes('ran'));
  t.is(summary.utterances, 4);
  t.regex(
    readFileSync(join(out, 'skipped.tsv'), 'utf8'),
    /The command of .*rs failed \("exit 3"\): it ended with code 3/,
  );
});

test('Kaldi: broken files are named with their line; trials split by speaker', async (t) => {
  const { dir, out, file, folder } = kaldiFolder(t);
  const trials = join(folder, 'trials');
  writeFileSync(trials, 'b1 b1 target\nb1 e1 nontarget\n');
  const summary = await buildKaldiCorpus({ root: dir, out, jobs: 1, trials: [trials] });
  t.like(summary, { train: { utterances: 3, speakers: 2 }, test: { utterances: 2, speakers: 2 }, trials: 2 });
  t.deepEqual(summary.skipped, { 'past the end': 1, unreadable: 1 });
  // What is left of a tested speaker is neither trained on nor tested, and is said.
  const other = join(folder, 'of-anna');
  writeFileSync(other, 'a1 a1 target\na1 e1 nontarget\n');
  const rest = await buildKaldiCorpus({ root: dir, out: `${out}-rest`, jobs: 1, trials: [other] });
  t.is(rest.skipped['held out'], 2);
  t.regex(
    readFileSync(join(`${out}-rest`, 'skipped.tsv'), 'utf8'),
    /^a2\theld out\tits speaker is tested, and no trial names it$/m,
  );
  for (const [line, message] of [
    ['x ra 1', /segments:1: expected "UTTERANCE RECORDING START END/],
    ['x nowhere 0 1', /segments:1: wav\.scp has no recording nowhere/],
    ['x ra 2 1', /segments:1: a segment from 2 to 1 s has no length/],
  ] as const) {
    file('segments', line);
    await t.throwsAsync(buildKaldiCorpus({ root: dir, out: `${out}2` }), { instanceOf: UserError, message });
  }
});

test('Kaldi: lists that could not be scored are refused before anything is decoded', async (t) => {
  const { dir, out, folder } = kaldiFolder(t);
  const list = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = list('good', 'b1 b1 target\nb1 e1 nontarget\n');
  const models = list('models', 'm b1 e1\nn gone b1 lost\n');
  for (const [options, message] of [
    [{ trials: [list('one', 'b1 b1 target\n')] }, /The list one holds 1 target and 0 nontarget/],
    [{ trials: [list('two', 'b1 b1 target\nb1 e1 nontarget\nb1 e1 target\n')] }, /b1 and e1 both target and nontarget/],
    [{ trials: [good], enrolments: models }, /models names 2 utterances that cannot be found: gone, lost/],
    [{ enrolments: models }, /Enrolments without trials/],
  ] as const)
    await t.throwsAsync(buildKaldiCorpus({ root: dir, out, ...options }), { instanceOf: UserError, message });
  t.false(readdirSync(folder).some((name) => name.startsWith('out')));
});

test('a build that is stopped goes on where it was, and gives the same bytes', async (t) => {
  const { dir, folder } = kaldiFolder(t);
  const [out, whole] = [join(folder, 'out'), join(folder, 'whole')];
  const stop = new AbortController();
  const progress = (_part: string, done: number) => void (done === 3 && stop.abort(new Error('stopped')));
  await t.throwsAsync(buildKaldiCorpus({ root: dir, out, jobs: 1, signal: stop.signal, progress }), {
    message: 'stopped',
  });
  const lines: string[] = [];
  await buildKaldiCorpus({ root: dir, out, jobs: 1, log: (line) => lines.push(line) });
  t.true(lines.includes('Resuming an interrupted build.'));
  await buildKaldiCorpus({ root: dir, out: whole, jobs: 1 });
  for (const file of ['manifest.tsv', 'skipped.tsv', 'corpus.json', 'shards/train/shard-000.pcm'])
    t.deepEqual(readFileSync(join(out, file)), readFileSync(join(whole, file)), file);
});

test('a folder whose lists are far larger than the heap is planned', async (t) => {
  const { dir, out, file } = kaldiFolder(t);
  const names = Array.from({ length: 60000 }, (_, i) => `id${i % 500}/video-${Math.floor(i / 6)}/${i}`);
  file('segments', ...names.map((name, i) => `${name} ra ${i / 1e5} 1`));
  file('utt2spk', ...names.map((name) => `${name} ${name.split('/')[0]}`));
  const script = `
    import { buildKaldiCorpus } from ${JSON.stringify(new URL('../../../../src/data/corpus/kaldi/kaldi.js', import.meta.url).href)};
    const stop = new AbortController();
    const progress = (part, done, total) => stop.abort(new Error(\`\${part}: \${total}\`));
    const options = ${JSON.stringify({ root: dir, out, jobs: 1 })};
    await buildKaldiCorpus({ ...options, progress, signal: stop.signal }).catch(({ message }) => console.log(message));`;
  const args = ['--max-old-space-size=24', '--input-type=module', '-e', script];
  t.is((await promisify(execFile)(process.execPath, args)).stdout, 'train: 60000\n');
});

test('Kaldi: a corpus whose recordings have changed is not taken for up to date', async (t) => {
  const { dir, out } = kaldiFolder(t);
  await buildKaldiCorpus({ root: dir, out, jobs: 1 });
  t.true((await buildKaldiCorpus({ root: dir, out, jobs: 1 })).existing);
  // The same path, another sound.
  writeNoise(join(dir, 'a.wav'), 2.25);
  const changed = {
    instanceOf: UserError,
    message: /was made of recordings or lists that have changed since.*--force/,
  };
  await t.throwsAsync(buildKaldiCorpus({ root: dir, out, jobs: 1 }), changed);
  t.false((await buildKaldiCorpus({ root: dir, out, jobs: 1, force: true })).existing);
  t.true((await buildKaldiCorpus({ root: dir, out, jobs: 1 })).existing);
});
