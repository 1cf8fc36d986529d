import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { makeVoxCelebShaped } from '../../../bench/voxceleb-shaped.js';
import { buildCnCeleb } from '../../../src/data/corpus/cnceleb.js';
import { buildKaldiCorpus } from '../../../src/data/corpus/kaldi.js';
import { buildLibriSpeech } from '../../../src/data/corpus/librispeech.js';
import { buildTarCorpus } from '../../../src/data/corpus/tar-shards.js';
import { buildVoxCeleb } from '../../../src/data/corpus/voxceleb.js';
import { readManifest } from '../../../src/data/manifest.js';
import { readUtterance } from '../../../src/data/shards.js';
import { readTrials, trialUtterances } from '../../../src/data/trials.js';
import { UserError } from '../../../src/errors.js';
import { writeWav16 } from '../../../src/io/wav-write.js';
import { createRng } from '../../../src/random.js';
import { openCorpus } from '../../../src/stages/corpus-data.js';
import { recording } from '../../audio/recordings.js';
import { tarFile } from '../../helpers/tar-file.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { writeTinyCorpus } from '../../helpers/tiny-corpus.js';

const noise = (name: string, seconds: number, rateHz = 16000) => {
  const rng = createRng(name);
  return Float32Array.from({ length: seconds * rateHz }, () => 0.1 * rng.normal());
};
const wav = (path: string, seconds = 0.3, rateHz = 16000) => {
  mkdirSync(dirname(path), { recursive: true });
  writeWav16(path, noise(path, seconds, rateHz), rateHz);
};
const open = (dir: string) =>
  openCorpus({ dir: '/nowhere', result: { path: dir } } as unknown as Parameters<typeof openCorpus>[0]);

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
  const corpus = open(out);
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

test('VoxCeleb1: tested speakers are not trained on; unknown utterances are all named at once; E leaves nobody', async (t) => {
  const { voxceleb1, out } = shaped(t);
  for (const n of [1, 2]) wav(join(voxceleb1, `wav/id10001/v/0000${n}.wav`));
  wav(join(voxceleb1, 'wav/id10270/extra/00001.wav'));
  wav(join(voxceleb1, 'wav/id10300/v/00001.wav'));
  wav(join(voxceleb1, 'wav/stray.wav'));
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

test('CN-Celeb: development speakers train; enrolment by one recording and by the mean of several', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'CN-Celeb_flac');
  for (const [speaker, n] of [
    ['id00000', 2],
    ['id00001', 2],
    ['id00800', 3],
    ['id00801', 2],
  ] as const)
    for (let i = 1; i <= n; i++) wav(join(root, `data/${speaker}/singing-01-00${i}.wav`));
  for (const speaker of ['id00800', 'id00801']) {
    wav(join(root, `eval/enroll/${speaker}-enroll.wav`));
    wav(join(root, `eval/test/${speaker}-speech-01-001.wav`));
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
  wav(join(folder, 'second/data/id10000/vlog-01-001.wav'));
  const out = join(folder, 'out');
  const summary = await buildCnCeleb({ root, second: join(folder, 'second'), out, jobs: 1 });
  t.like(summary, { train: { utterances: 5, speakers: 3 }, skipped: { 'held out': 3 } });
  const [concat, mean] = open(out).lists;
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

test('LibriSpeech: subsets, genders, trials drawn among the others', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'LibriSpeech');
  for (const speaker of ['19', '26']) wav(join(root, `train-clean-100/${speaker}/198/${speaker}-198-0000.wav`));
  for (const speaker of ['61', '121'])
    for (const n of [0, 1, 2]) wav(join(root, `test-clean/${speaker}/70/${speaker}-70-000${n}.wav`));
  writeFileSync(
    join(root, 'SPEAKERS.TXT'),
    ';ID  |SEX| SUBSET |MINUTES| NAME\n19   | F | train-clean-100 | 25 | A\n61 | M | test-clean | 8 | B\n',
  );
  const out = join(folder, 'out');
  const summary = await buildLibriSpeech({ root, out, jobs: 1 });
  t.like(summary, { train: { utterances: 2 }, test: { utterances: 6 }, trials: 12 });
  const { utterances } = readManifest(out);
  t.deepEqual(
    utterances.slice(0, 3).map(({ id, gender, language }) => [id, gender, language]),
    [
      ['train-clean-100-19-198-0000', 'f', 'en'],
      ['train-clean-100-26-198-0000', undefined, 'en'],
      ['test-clean-121-70-0000', undefined, 'en'],
    ],
  );
});

/** A Kaldi folder of two speakers with a recording each, in segments; and one tested recording. */
function kaldiFolder(t: ExecutionContext) {
  const folder = temporaryFolder(t);
  const dir = join(folder, 'data');
  const file = (name: string, ...lines: string[]) => writeFileSync(join(dir, name), `${lines.join('\n')}\n`);
  wav(join(dir, 'a.wav'), 2);
  wav(join(dir, 'b.wav'), 1, 96000);
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
  t.regex(skipped, /has 2 channels; channel 5 \(from 0\)/);
  const found = readManifest(out).utterances;
  t.deepEqual(found.map(({ id, seconds, gender }) => [id, seconds, gender]).slice(0, 3), [
    ['a1', 0.5, 'f'],
    ['a2', 0.5, 'f'],
    ['b1', 1, 'm'],
  ]);
  const { train } = open(out);
  const whole = noise(join(dir, 'a.wav'), 2);
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
  for (const [line, message] of [
    ['x ra 1', /segments:1: expected "UTTERANCE RECORDING START END/],
    ['x nowhere 0 1', /segments:1: wav\.scp has no recording nowhere/],
    ['x ra 2 1', /segments:1: a segment from 2 to 1 s has no length/],
  ] as const) {
    file('segments', line);
    await t.throwsAsync(buildKaldiCorpus({ root: dir, out: `${out}2` }), { instanceOf: UserError, message });
  }
});

test('tar shards: read in place with their speakers; a cut shard counts up to the cut', async (t) => {
  const folder = temporaryFolder(t);
  const root = join(folder, 'shards');
  mkdirSync(root);
  wav(join(folder, 'x.wav'));
  const sound = readFileSync(join(folder, 'x.wav'));
  const pair = (key: string, speaker: string) => [
    { name: `${key}.spk`, content: `${speaker}\n` },
    { name: `${key}.wav`, content: sound },
  ];
  writeFileSync(
    join(root, 'shards_000.tar'),
    tarFile([...pair('id1/v/1.wav', 'id1'), ...pair('id2/v/1.wav', 'id2'), { name: 'odd.txt', content: '' }]),
  );
  const cut = tarFile([...pair('id3/v/1.wav', 'id3'), ...pair('id4/v/1.wav', 'id4')]);
  writeFileSync(join(root, 'shards_001.tar'), cut.subarray(0, cut.length - 3000));
  const out = join(folder, 'out');
  const summary = await buildTarCorpus({ root, out, jobs: 1 });
  t.like(summary, { utterances: 3, speakers: 3, skipped: { 'cut short': 1 } });
  t.deepEqual(
    readManifest(out).utterances.map(({ path, speaker }) => [path, speaker]),
    [
      ['id1/v/1.wav', 'id1'],
      ['id2/v/1.wav', 'id2'],
      ['id3/v/1.wav', 'id3'],
    ],
  );
  t.is(readUtterance(open(out).train, 2).length, 4800);
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
  t.true(lines.includes('Going on with an interrupted build.'));
  await buildKaldiCorpus({ root: dir, out: whole, jobs: 1 });
  for (const file of ['manifest.tsv', 'skipped.tsv', 'corpus.json', 'shards/train/shard-000.pcm'])
    t.deepEqual(readFileSync(join(out, file)), readFileSync(join(whole, file)), file);
});
