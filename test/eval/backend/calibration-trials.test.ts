import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { calibrationTrials } from '../../../src/eval/backend/calibration-trials.js';

const labels = Int32Array.from({ length: 60 }, (_, i) => (i < 6 ? -1 : i % 9));
const seconds = Float64Array.from(labels, (_, i) => (i % 2 ? 3 : 10));

test('targets are of one label and nontargets of two, half each; no pair twice, nobody against himself, no unlabelled row', (t) => {
  const trials = calibrationTrials({ labels, count: 200, seed: 1 });
  t.is(trials.length, 200);
  t.is(trials.filter(({ target }) => target).length, 100);
  for (const { enrolment, test: other, target } of trials) {
    t.not(enrolment, other);
    t.is(labels[Number(enrolment)] === labels[Number(other)], target);
    t.true(labels[Number(enrolment)] >= 0 && labels[Number(other)] >= 0);
  }
  const keys = trials.map(({ enrolment, test: other }) => [enrolment, other].sort().join(' '));
  t.is(new Set(keys).size, 200);
  t.deepEqual(calibrationTrials({ labels, count: 200, seed: 1 }), trials);
  t.notDeepEqual(calibrationTrials({ labels, count: 200, seed: 2 }), trials);
});

test('a third of the trials each is between short recordings, short and long, and long ones', (t) => {
  const trials = calibrationTrials({ labels, seconds, count: 120, seed: 1 });
  for (const isTarget of [true, false]) {
    const counts = [0, 0, 0];
    for (const { enrolment, test: other, target } of trials) {
      if (target === isTarget) counts[Number(seconds[Number(enrolment)] > 6) + Number(seconds[Number(other)] > 6)]++;
    }
    for (const count of counts) t.true(count >= 15 && count <= 25, `${counts}`);
  }
});

test('fewer pairs than wanted give what there is; none of a kind is an error of the user', (t) => {
  t.deepEqual(calibrationTrials({ labels: [0, 0, 1], count: 30, seed: 1 }).filter(({ target }) => target).length, 1);
  const fails = (labels: number[], message: RegExp) =>
    t.throws(() => calibrationTrials({ labels, seed: 1 }), { instanceOf: UserError, message });
  fails([0, 1, 2], /no speaker has two/);
  fails([0, 0, -1], /one speaker only/);
  fails([], /no speaker has two/);
});

test('rows of one recording are no target pair', (t) => {
  // Three speakers, two recordings each, every recording heard twice more.
  const recordings = Int32Array.from({ length: 18 }, (_, row) => row % 6);
  const speakers = recordings.map((recording) => recording >> 1);
  const trials = calibrationTrials({ labels: speakers, recordings, count: 400, seed: 1 });
  const targets = trials.filter(({ target }) => target);
  t.is(targets.length, 3 * 3 * 3);
  for (const { enrolment, test: other } of targets) t.not(recordings[Number(enrolment)], recordings[Number(other)]);
  t.throws(() => calibrationTrials({ labels: [0, 0, 1], recordings: [0, 0, 1], seed: 1 }), {
    instanceOf: UserError,
    message: /no speaker has two recordings/,
  });
});
