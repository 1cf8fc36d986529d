import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readNpy } from '../../src/io/npy.js';
import { writeWav16 } from '../../src/io/wav-write.js';
import { readStore } from '../../src/speakers/store.js';
import { hiss, sequence, talk } from '../helpers/corpora/talk.js';
import { writeTinyModel } from '../helpers/networks/tiny-model.js';
import { runCli } from '../helpers/run-cli.js';
import { runMain } from '../helpers/run-main.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { EMBEDDING } from '../helpers/training/small-training.js';

const REFERENCE = 'SPEAKER a 1 0 10 <NA> <NA> x <NA> <NA>\nSPEAKER b 1 0 2 <NA> <NA> y <NA> <NA>\n';
const HYPOTHESIS = 'SPEAKER a 1 0 8 <NA> <NA> s1 <NA> <NA>\nSPEAKER c 1 0 2 <NA> <NA> s1 <NA> <NA>\n';

test('der: a table, JSON, and recordings that one side lacks', async (t) => {
  const cwd = temporaryFolder(t, { 'ref.rttm': REFERENCE, 'hyp.rttm': HYPOTHESIS });
  const text = await runCli(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0'], { cwd });
  t.is(text.code, 0);
  t.regex(text.stdout, /^all +33\.33 % +33\.33 % +0\.00 % +0\.00 % +12\.00 s$/m);
  t.regex(text.stderr, /not scored.*: c$/m);
  const json = await runMain(['der', 'ref.rttm', 'hyp.rttm', '--json'], { cwd });
  const { all, recordings } = JSON.parse(json.stdout);
  t.deepEqual([all.speech, all.missed, recordings.length], [11, 1.75 + 1.5, 2]);
});

test('der: what is wrong is said, with exit code 2', async (t) => {
  const cwd = temporaryFolder(t, { 'ref.rttm': REFERENCE, 'empty.rttm': '\n' });
  for (const [args, message] of [
    [['ref.rttm', 'none.rttm'], /none\.rttm does not exist/],
    [['empty.rttm', 'ref.rttm'], /no SPEAKER line/],
    [
      ['ref.rttm', 'ref.rttm', '--collar', 'x'],
      /--collar <seconds>' argument 'x' is invalid\. It must be a number of seconds/,
    ],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await runMain(['der', ...args], { cwd });
    t.is(code, 2);
    t.regex(stderr, message);
  }
});

test('der: where the reference has no speech there is no rate', async (t) => {
  const silent = 'SPEAKER b 1 0 0 <NA> <NA> y <NA> <NA>\n';
  const files = { 'ref.rttm': `${REFERENCE.split('\n')[0]}\n${silent}`, 'silent.rttm': silent, 'hyp.rttm': REFERENCE };
  const cwd = temporaryFolder(t, files);
  const text = await runMain(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0'], { cwd });
  t.regex(text.stdout, /^b +– +– +– +– +0\.00 s$/m);
  t.regex(text.stdout, /^all +20\.00 % +0\.00 % +20\.00 %/m);
  const json = await runMain(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0', '--json'], { cwd });
  const { all, recordings } = JSON.parse(json.stdout);
  t.deepEqual([all.der, recordings[1].der, recordings[1].falseAlarm], [0.2, null, 2]);
  for (const args of [
    ['silent.rttm', 'hyp.rttm'],
    ['ref.rttm', 'hyp.rttm', '--collar', '100'],
  ]) {
    const { code, stdout, stderr } = await runMain(['der', ...args], { cwd });
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, /Nothing of .*\.rttm is left to score/);
  }
});

test('diarize: contradictions are found before the model is read', async (t) => {
  for (const [args, message] of [
    [['a.wav', '--speakers', '2', '--max-speakers', '3'], /leave out --min-speakers and --max-speakers/],
    [['a.wav', '--min-speakers', '4', '--max-speakers', '3'], /At least 4 speakers and at most 3/],
    [['b/a.wav', 'b/a.flac'], /Two recordings are called b\/a:/],
    [['a b.wav', 'a_b.wav'], /Two recordings are called a_b:/],
    [['a.wav', 'b.wav', '--format', 'audacity'], /one recording/],
    [['a.wav', '--set', 'windowSecond=2'], /windowSecond/],
    [['a.wav', '--enroll-unknown'], /--enroll-unknown goes with --store/],
    [['a.wav'], /holds no model/],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await runMain(['diarize', ...args, '--model', join(temporaryFolder(t), 'model')]);
    t.is(code, 2);
    t.regex(stderr, message);
  }
});

test('diarize: one bad recording stops no others, and silence of either kind is a recording without speech', async (t) => {
  t.timeout(120_000);
  const cwd = temporaryFolder(t, { 'empty.wav': '', 'text.wav': 'words' });
  await writeTinyModel(join(cwd, 'model'));
  writeWav16(join(cwd, 'a.wav'), sequence(hiss(0.5, 0), talk(0, 2)), 16000);
  writeWav16(join(cwd, 'b.wav'), sequence(hiss(0.5, 0), talk(1, 2)), 16000);
  writeWav16(join(cwd, 'silence.wav'), new Int16Array(32_000), 16000);
  writeWav16(join(cwd, 'hiss.wav'), hiss(2), 16000);
  const run = (files: string[], ...more: string[]) =>
    runMain(['diarize', ...files, '--model', 'model', '--device', 'cpu', ...more], { cwd });
  const files = ['a.wav', 'silence.wav', 'empty.wav', 'hiss.wav', 'b.wav'];
  const mixed = await run(files, '--json');
  t.is(mixed.code, 2);
  const found = JSON.parse(mixed.stdout) as { recording: string; speakers: number; segments: unknown[] }[];
  t.deepEqual(
    found.map(({ recording, segments }) => [recording, segments.length > 0]),
    [
      ['a', true],
      ['silence', false],
      ['hiss', false],
      ['b', true],
    ],
  );
  t.regex(
    mixed.stderr,
    /^silence\.wav: no speech was found\nhiss\.wav: no speech was found\nskipped: empty\.wav is empty/m,
  );
  const kept = await run(files, '--skip-bad', '--out', 'all.rttm');
  t.deepEqual([kept.code, existsSync(join(cwd, 'all.rttm'))], [0, true], kept.stderr);
  const none = await run(['empty.wav', 'text.wav'], '--skip-bad', '--out', 'none.rttm');
  t.deepEqual([none.code, existsSync(join(cwd, 'none.rttm'))], [2, false]);
  t.regex(
    none.stderr,
    /^None of the 2 recordings can be used: 1 empty or silent, 1 unreadable\. The first: empty\.wav/m,
  );
  const naming = ['--store', 'voices', '--enroll-unknown', '--threshold', '-1', '--least-speech', '1'];
  const named = await run(['a.wav', 'b.wav'], ...naming, '--speakers', '1', '--embeddings', 'voices.npy', '--json');
  t.is(named.code, 0, named.stderr);
  const [a, b] = JSON.parse(named.stdout) as { voices: { speaker: string; enrolled: boolean; embedding: object }[] }[];
  t.deepEqual([a.voices[0].speaker, b.voices[0].speaker, b.voices[0].enrolled], ['speaker1', 'speaker1', false]);
  t.deepEqual(b.voices[0].embedding, { file: 'voices.npy', name: 'b/speaker1' });
  t.regex(
    named.stderr,
    /^enrolled speaker1: 2 recordings, \d\.\d s; to name it: voxloop speakers .* --rename speaker1=NAME$/m,
  );
  t.deepEqual(readNpy(join(cwd, 'voices.npy')).shape, [2, EMBEDDING]);
  t.is(readStore(join(cwd, 'voices')).speakers.get('speaker1')?.utterances.length, 2);
  const silent = await run(['silence.wav']);
  t.deepEqual([silent.code, silent.stdout], [0, '']);
});

test('the formats are listed where they are chosen', async (t) => {
  const { stdout } = await runMain(['diarize', '--help']);
  t.regex(stdout, /rttm.*json.*audacity/s);
});
