import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { eerOf } from '../../../src/eval/detection/eer.js';
import {
  durationBin,
  groupDurations,
  groupErrors,
  groupPairs,
  numberSides,
} from '../../../src/eval/detection/groups.js';
import { readNamedScores } from '../../../src/eval/score-files/named-scores.js';
import { readUtteranceTable, valuesOf } from '../../../src/eval/score-files/utterance-table.js';
import { createRng } from '../../../src/random.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

test('groups hold the trials whose sides share the value; others are mixed or unknown', (t) => {
  const rng = createRng('groups');
  const values = ['f', 'f', 'm', 'm', 'm', ''];
  const trials = Array.from({ length: 400 }, () => [rng.int(6), rng.int(6)]);
  const [first, second] = [trials.map(([a]) => a), trials.map(([, b]) => b)];
  const labels = trials.map(() => rng.int(2));
  const scores = Float32Array.from(labels, (label) => rng.normal() + label);
  const found = groupErrors(scores, labels, groupPairs(values, first, second));
  const member: Record<string, (a: string, b: string) => boolean> = {
    f: (a, b) => a === 'f' && b === 'f',
    m: (a, b) => a === 'm' && b === 'm',
    mixed: (a, b) => a !== '' && b !== '' && a !== b,
    unknown: (a, b) => a === '' || b === '',
  };
  t.deepEqual(Object.keys(found), Object.keys(member));
  for (const [name, belongs] of Object.entries(member)) {
    const kept = trials.flatMap(([a, b], i) => (belongs(values[a], values[b]) ? [i] : []));
    const [ofScores, ofLabels] = [kept.map((i) => scores[i]), kept.map((i) => labels[i])];
    const targets = ofLabels.filter(Boolean).length;
    t.deepEqual(found[name], { trials: kept.length, targets, eer: eerOf(ofScores, ofLabels) });
  }
});

test('a group of one kind of trial has no EER; groups without trials are left out', (t) => {
  const trials = [
    { enrolment: 'a', test: 'b', target: true },
    { enrolment: 'a', test: 'c', target: false },
  ];
  const { names, first, second } = numberSides(trials);
  t.deepEqual(names, ['a', 'b', 'c']);
  const groups = groupPairs(['de', 'de', 'en'], first, second);
  t.deepEqual(groupErrors([1, 0], [true, false], groups), {
    de: { trials: 1, targets: 1, eer: null },
    mixed: { trials: 1, targets: 0, eer: null },
  });
});

test('bins of durations hold their lower edge', (t) => {
  const bins = [0, 1.99, 2, 4.9, 5, 60].map((seconds) => durationBin(seconds, [2, 5]));
  t.deepEqual(bins, ['< 2 s', '< 2 s', '2-5 s', '2-5 s', '>= 5 s', '>= 5 s']);
});

test('a trial belongs to the bin of its shorter side, and to none where a duration is not known', (t) => {
  const seconds = [1, 2, 4.9, 60, Number.NaN];
  const pairs = seconds.flatMap((_, i) => seconds.map((_, j) => [i, j]));
  const { names, groupOf } = groupDurations(
    seconds,
    pairs.map(([i]) => i),
    pairs.map(([, j]) => j),
    [2, 5],
  );
  t.deepEqual(names, ['< 2 s', '2-5 s', '>= 5 s', 'unknown']);
  const plain = ([i, j]: number[]) => {
    if (i === 4 || j === 4) return 'unknown';
    return i === 0 || j === 0 ? '< 2 s' : i === 3 && j === 3 ? '>= 5 s' : '2-5 s';
  };
  t.deepEqual(
    [...groupOf].map((group) => names[group]),
    pairs.map(plain),
  );
});

test('names are numbered by first mention, whatever their bytes; repeated trials are counted', async (t) => {
  const names = Array.from({ length: 3000 }, (_, i) => `sprecher-ü${i}/äußerung ${i}`.replace(' ', '_'));
  const lines = names.map((name, i) => `${name} ${names[(i * 7) % 3000]} ${i % 2} ${i / 8}\n`);
  const folder = temporaryFolder(t, { 'scores.txt': lines.join('') + lines[5] + lines[5] });
  const read = await readNamedScores(join(folder, 'scores.txt'));
  t.is(read.names.length, 3000);
  for (const i of [0, 1, 77, 2999]) {
    t.is(read.names[read.enrolments[i]], names[i]);
    t.is(read.names[read.tests[i]], names[(i * 7) % 3000]);
    t.deepEqual([read.isTarget[i], read.scores[i]], [i % 2, i / 8]);
  }
  t.deepEqual(read.repeated, { count: 2, examples: Array(2).fill(`${names[5]} ${names[35]}`) });
});

test('one pair as target and as nontarget, and lines without names, are errors of the user', async (t) => {
  const folder = temporaryFolder(t, { 'both.txt': 'a b 1 0.5\nb a 0 0.5\na b 0 0.5\n', 'bare.txt': '0.5 1\n0.1 0\n' });
  const fails = (name: string, message: RegExp) =>
    t.throwsAsync(readNamedScores(join(folder, name)), { instanceOf: UserError, message });
  await fails('both.txt', /1 trial both as target and as nontarget: a b\. /);
  await fails('bare.txt', /no names/);
});

test('what is known about utterances: manifests by id and path, utt2spk, and their faults', (t) => {
  const folder = temporaryFolder(t, {
    'manifest.tsv': 'id\tpath\tspeaker\tgender\nu1\tx/1.wav\tS1\tf\nu2\tx/2.wav\tS2\t-\n',
    utt2spk: 'u1 S1\nu2 S2\n',
    'broken.tsv': 'id\tspeaker\nu1\tS1\nu2\nu3\tS3\tmore\n',
  });
  const table = readUtteranceTable(folder);
  t.deepEqual(valuesOf(table, 'gender', ['x/2.wav', 'u1', 'x/1.wav']), ['', 'f', 'f']);
  t.deepEqual(valuesOf(readUtteranceTable(join(folder, 'utt2spk')), 'speaker', ['u2']), ['S2']);
  const fails = (run: () => unknown, message: RegExp) => t.throws(run, { instanceOf: UserError, message });
  fails(() => valuesOf(table, 'language', ['u1']), /no column "language".*gender/);
  fails(() => valuesOf(table, 'gender', ['u1', 'u8', 'u9']), /lacks 2 utterances of the scores: u8, u9/);
  fails(() => readUtteranceTable(join(folder, 'broken.tsv')), /2 lines have another form: 3, 4/);
  fails(() => readUtteranceTable(join(folder, 'none')), /does not exist/);
});
