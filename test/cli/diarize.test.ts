import { join } from 'node:path';
import test from 'ava';
import { runCli } from '../helpers/run-cli.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const REFERENCE = 'SPEAKER a 1 0 10 <NA> <NA> x <NA> <NA>\nSPEAKER b 1 0 2 <NA> <NA> y <NA> <NA>\n';
const HYPOTHESIS = 'SPEAKER a 1 0 8 <NA> <NA> s1 <NA> <NA>\nSPEAKER c 1 0 2 <NA> <NA> s1 <NA> <NA>\n';

test('der: a table, JSON, and recordings that one side lacks', async (t) => {
  const cwd = temporaryFolder(t, { 'ref.rttm': REFERENCE, 'hyp.rttm': HYPOTHESIS });
  const text = await runCli(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0'], { cwd });
  t.is(text.code, 0);
  t.regex(text.stdout, /^all +33\.33 % +33\.33 % +0\.00 % +0\.00 % +12\.00 s$/m);
  t.regex(text.stderr, /not scored.*: c$/m);
  const json = await runCli(['der', 'ref.rttm', 'hyp.rttm', '--json'], { cwd });
  const { all, recordings } = JSON.parse(json.stdout);
  t.deepEqual([all.speech, all.missed, recordings.length], [11, 1.75 + 1.5, 2]);
});

test('der: what is wrong is said, with exit code 2', async (t) => {
  const cwd = temporaryFolder(t, { 'ref.rttm': REFERENCE, 'empty.rttm': '\n' });
  for (const [args, message] of [
    [['ref.rttm', 'none.rttm'], /none\.rttm does not exist/],
    [['empty.rttm', 'ref.rttm'], /no SPEAKER line/],
    [['ref.rttm', 'ref.rttm', '--collar', 'x'], /--collar must be/],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await runCli(['der', ...args], { cwd });
    t.is(code, 2);
    t.regex(stderr, message);
  }
});

test('der: where the reference has no speech there is no rate', async (t) => {
  const silent = 'SPEAKER b 1 0 0 <NA> <NA> y <NA> <NA>\n';
  const files = { 'ref.rttm': `${REFERENCE.split('\n')[0]}\n${silent}`, 'silent.rttm': silent, 'hyp.rttm': REFERENCE };
  const cwd = temporaryFolder(t, files);
  const text = await runCli(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0'], { cwd });
  t.regex(text.stdout, /^b +– +– +– +– +0\.00 s$/m);
  t.regex(text.stdout, /^all +20\.00 % +0\.00 % +20\.00 %/m);
  const json = await runCli(['der', 'ref.rttm', 'hyp.rttm', '--collar', '0', '--json'], { cwd });
  const { all, recordings } = JSON.parse(json.stdout);
  t.deepEqual([all.der, recordings[1].der, recordings[1].falseAlarm], [0.2, null, 2]);
  for (const args of [
    ['silent.rttm', 'hyp.rttm'],
    ['ref.rttm', 'hyp.rttm', '--collar', '100'],
  ]) {
    const { code, stdout, stderr } = await runCli(['der', ...args], { cwd });
    t.deepEqual([code, stdout], [2, '']);
    t.regex(stderr, /Nothing of .*\.rttm is left to score/);
  }
});

test('diarize: contradictions are found before the model is read', async (t) => {
  for (const [args, message] of [
    [['a.wav', '--speakers', '2', '--max-speakers', '3'], /leave --min-speakers and --max-speakers out/],
    [['a.wav', '--min-speakers', '4', '--max-speakers', '3'], /At least 4 speakers and at most 3/],
    [['a.wav', 'b/a.flac'], /Two recordings are called a/],
    [['a.wav', 'b.wav', '--format', 'audacity'], /one recording/],
    [['a.wav', '--set', 'windowSecond=2'], /windowSecond/],
    [['a.wav'], /holds no model/],
  ] as [string[], RegExp][]) {
    const { code, stderr } = await runCli(['diarize', ...args, '--model', join(temporaryFolder(t), 'model')]);
    t.is(code, 2);
    t.regex(stderr, message);
  }
});

test('the formats are listed where they are chosen', async (t) => {
  const { stdout } = await runCli(['diarize', '--help']);
  t.regex(stdout, /rttm.*json.*audacity/s);
});
