import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  checkBothKinds,
  checkTrials,
  parseTrials,
  readTrialList,
  readTrials,
  repeatedTrials,
  trialUtterances,
  writeTrials,
} from '../../src/data/trials.js';
import { UserError } from '../../src/errors.js';
import { writeScores } from '../../src/eval/score-files/scores-file.js';

const trial = (enrolment: string, other: string, target: boolean) => ({ enrolment, test: other, target });

test('VoxCeleb and Kaldi lines are read, with tabs, CRLF, blank lines and a byte order mark', (t) => {
  const expected = [trial('a/1.wav', 'b/2.wav', true), trial('a/1.wav', 'c/3.wav', false)];
  t.deepEqual(parseTrials('1 a/1.wav b/2.wav\n0 a/1.wav c/3.wav\n', 'list'), expected);
  t.deepEqual(parseTrials('\uFEFFa/1.wav\tb/2.wav  target\r\n\r\n a/1.wav c/3.wav nontarget', 'list'), expected);
});

test('a Kaldi line whose first name is a digit is not taken for a VoxCeleb line', (t) => {
  t.deepEqual(parseTrials('1 2 nontarget\n', 'list'), [trial('1', '2', false)]);
});

for (const line of ['2 a b', 'a b', '1 a', '1 a b c', 'a b Target', '{"a": 1}']) {
  test(`the line ${line} is an error that names file, line and text`, (t) => {
    const error = t.throws(() => parseTrials(`1 x y\n\n${line}\n`, 'some/list.txt'), { instanceOf: UserError });
    t.regex(error.message, /^some\/list\.txt:3: /);
    t.true(error.message.includes(JSON.stringify(line)));
  });
}

test('an empty list and an unreadable one are errors of the user', (t) => {
  t.throws(() => parseTrials('\n\n', 'empty.txt'), { instanceOf: UserError, message: /empty\.txt/ });
  t.throws(() => readTrials('/no/such/list'), { instanceOf: UserError, message: /\/no\/such\/list does not exist/ });
});

test('what is written is read back, and nothing else is left in the folder', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-trials-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const trials = [trial('a', 'b', true), trial('b', 'ü', false)];
  const path = join(folder, 'trials', 'clean.txt');
  writeTrials(path, trials);
  t.deepEqual(readTrials(path), trials);
  t.deepEqual(readdirSync(join(folder, 'trials')), ['clean.txt']);
});

test('a name that a list cannot hold is refused and the file on disk is kept', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'voxloop-trials-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'list.txt');
  writeFileSync(path, '1 a b\n');
  t.throws(() => writeTrials(path, [trial('my file.wav', 'b', true)]), {
    instanceOf: UserError,
    message: /my file\.wav/,
  });
  t.is(readTrials(path).length, 1);
});

test('utterances are listed once, in order of first mention', (t) => {
  t.deepEqual(trialUtterances([trial('b', 'a', true), trial('a', 'c', false), trial('b', 'c', false)]), [
    'b',
    'a',
    'c',
  ]);
});

test('all unknown utterances are reported in one error: their number and the first ten', (t) => {
  const trials = Array.from({ length: 15 }, (_, i) => trial('known', `u${i}`, i % 2 === 0));
  const known = new Set(['known', 'u0', 'u1']);
  const error = t.throws(() => checkTrials(trials, known, 'clean.txt'), { instanceOf: UserError });
  t.regex(error.message, /^clean\.txt names 13 utterances .*: u2, u3, .*, u11, and 3 more\./);
  t.notThrows(() => checkTrials(trials, () => true));
});

test('a list of one kind of trial is refused', (t) => {
  const list = [trial('a', 'b', true), trial('a', 'c', true)];
  t.throws(() => checkBothKinds(list, 'L'), { instanceOf: UserError, message: /^L holds 2 target and 0 nontarget/ });
  t.throws(() => checkBothKinds([trial('a', 'b', false)]), { message: /0 target and 1 nontarget/ });
  t.notThrows(() => checkBothKinds([...list, trial('b', 'c', false)]));
});

test('CN-Celeb lines have the answer last', (t) => {
  t.deepEqual(parseTrials('id0-enroll test/a.wav 1\nid0-enroll test/b.wav 0\n', 'x'), [
    trial('id0-enroll', 'test/a.wav', true),
    trial('id0-enroll', 'test/b.wav', false),
  ]);
});

test('repeated trials are counted; a pair with two answers is refused by name', (t) => {
  const list = [
    trial('a', 'b', true),
    trial('b', 'a', true),
    trial('a', 'b', true),
    trial('a', 'c', false),
    trial('a', 'b', true),
  ];
  t.is(repeatedTrials(list), 2);
  t.is(repeatedTrials(list.slice(0, 2)), 0);
  t.throws(() => repeatedTrials([...list, trial('a', 'c', true)], 'L'), {
    instanceOf: UserError,
    message: /^L calls a and c both target and nontarget/,
  });
});

test('a list without answers is told from one with them, and stays without', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'voxloop-trials-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const list = (text: string) => {
    writeFileSync(join(dir, 'list'), text);
    return join(dir, 'list');
  };
  t.deepEqual(readTrialList(list('\n a/1.wav  b/2.wav\r\nc d\n')), {
    isBlind: true,
    trials: [
      { enrolment: 'a/1.wav', test: 'b/2.wav' },
      { enrolment: 'c', test: 'd' },
    ],
  });
  t.deepEqual(readTrialList(list('1 a b\n0 a c\n')), {
    isBlind: false,
    trials: [trial('a', 'b', true), trial('a', 'c', false)],
  });
  t.throws(() => readTrialList(list('a b\n1 a b\n')), {
    instanceOf: UserError,
    message: /list:2: expected "PATH_A PATH_B"/,
  });
  t.throws(() => readTrialList(list('1 a b\na b\n')), { instanceOf: UserError, message: /list:2: expected "1\|0/ });
  t.throws(() => readTrialList(list('\n')), { instanceOf: UserError, message: /holds no trial/ });
  const { trials } = readTrialList(list('a b\nc d\n'));
  writeScores(join(dir, 'scores'), Float32Array.of(0.5, -0.25), trials);
  t.is(readFileSync(join(dir, 'scores'), 'utf8'), '0.5 a b\n-0.25 c d\n');
});
