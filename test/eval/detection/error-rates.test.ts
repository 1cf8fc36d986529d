import test from 'ava';
import fc from 'fast-check';
import { UserError } from '../../../src/errors.js';
import { minDcf } from '../../../src/eval/detection/dcf.js';
import { eerOf, equalError } from '../../../src/eval/detection/eer.js';
import { sortScores } from '../../../src/eval/detection/sorted-scores.js';
import { readFixture } from '../fixture.js';

interface ErrorCase {
  name: string;
  scores: number[];
  labels: number[];
  eer: number;
  minDcf: { '0.01': number; '0.05': number };
}

const RARE_PRIOR = 0.01;

/** Error rates by counting over all thresholds, trial by trial. */
function bruteForce(scores: number[], labels: number[], prior: number) {
  const count = (kind: number, accepted: (score: number) => boolean) =>
    scores.filter((score, i) => labels[i] === kind && accepted(score)).length / labels.filter((l) => l === kind).length;
  const thresholds = [...new Set([...scores, Number.POSITIVE_INFINITY])].sort((a, b) => a - b);
  const points = thresholds.map((threshold) => ({
    miss: 1 - count(1, (score) => score >= threshold),
    falseAlarm: count(0, (score) => score >= threshold),
  }));
  const after = points.findIndex(({ miss, falseAlarm }) => miss >= falseAlarm - 1e-12);
  const [low, high] = [points[after - 1], points[after]];
  const share = (low.falseAlarm - low.miss) / (high.miss - low.miss + low.falseAlarm - high.falseAlarm);
  const cost = Math.min(...points.map(({ miss, falseAlarm }) => prior * miss + (1 - prior) * falseAlarm));
  return { eer: low.miss + share * (high.miss - low.miss), minDcf: cost / Math.min(prior, 1 - prior) };
}

/** Trials of both kinds with scores on a coarse grid: ties are the rule. */
const trialsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 0, max: 1 })), { minLength: 2, maxLength: 60 })
  .filter((trials) => new Set(trials.map(([, label]) => label)).size === 2)
  .map((trials) => ({ scores: trials.map(([score]) => score / 2), labels: trials.map(([, label]) => label) }));

for (const { name, scores, labels, eer, minDcf: costs } of readFixture<ErrorCase[]>('error-rates.json')) {
  test(`${name}: as on scikit-learn's ROC`, (t) => {
    const sorted = sortScores(scores, labels);
    t.true(Math.abs(equalError(sorted).eer - eer) < 1e-9, `${equalError(sorted).eer} is not ${eer}`);
    t.true(Math.abs(minDcf(sorted, 0.01) - costs['0.01']) < 1e-12);
    t.true(Math.abs(minDcf(sorted, 0.05) - costs['0.05']) < 1e-12);
  });
}

test('as counted trial by trial, on scores full of ties', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const sorted = sortScores(scores, labels);
    const expected = bruteForce(scores, labels, 0.3);
    return (
      Math.abs(equalError(sorted).eer - expected.eer) < 1e-9 &&
      Math.abs(minDcf(sorted, 0.3) - Math.min(1, expected.minDcf)) < 1e-9
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 1, numRuns: 500 }));
});

test('a rising transform of the scores changes nothing, nor does the order of the trials', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const moved = scores.map((score) => Math.exp(score) + 3 * score).reverse();
    const sorted = sortScores(scores, labels);
    const other = sortScores(moved, [...labels].reverse());
    return equalError(sorted).eer === equalError(other).eer && minDcf(sorted, 0.05) === minDcf(other, 0.05);
  });
  t.notThrows(() => fc.assert(property, { seed: 2 }));
});

test('swapping labels and signs keeps the EER; one of the two alone mirrors it', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const eer = eerOf(scores, labels);
    const swapped = labels.map((label) => 1 - label);
    const negated = scores.map((score) => -score);
    return (
      Math.abs(eerOf(negated, swapped) - eer) < 1e-12 &&
      Math.abs(eerOf(scores, swapped) - (1 - eer)) < 1e-12 &&
      Math.abs(eerOf(negated, labels) - (1 - eer)) < 1e-12
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 3 }));
});

test('rates stay within their bounds', (t) => {
  const property = fc.property(trialsArbitrary, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (trials, prior) => {
    const sorted = sortScores(trials.scores, trials.labels);
    const { eer } = equalError(sorted);
    const cost = minDcf(sorted, prior);
    return eer >= 0 && eer <= 1 && cost >= 0 && cost <= 1;
  });
  t.notThrows(() => fc.assert(property, { seed: 4 }));
});

test('equal scores everywhere are a coin: EER 0.5, minDCF 1, in any order and for any share of targets', (t) => {
  for (const labels of [
    [1, 0],
    [0, 0, 0, 1],
    [1, 1, 1, 1, 0],
  ]) {
    const sorted = sortScores(
      labels.map(() => 0.25),
      labels,
    );
    t.is(equalError(sorted).eer, 0.5);
    t.is(minDcf(sorted, RARE_PRIOR), 1);
  }
  t.is(eerOf([0, -0], [1, 0]), 0.5);
});

test('perfect and perfectly wrong scores give 0 and 1; infinite scores are scores', (t) => {
  t.is(eerOf([3, 4, 1, 2], [1, 1, 0, 0]), 0);
  t.is(eerOf([1, 2, 3, 4], [1, 1, 0, 0]), 1);
  t.is(eerOf([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [1, 0]), 0);
  t.is(eerOf([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], [1, 0]), 0.5);
});

test('the threshold lies where the rates cross', (t) => {
  t.is(equalError(sortScores([1, 2, 3, 4, 5, 6], [0, 0, 1, 0, 1, 1])).threshold, 3);
});

test('a cost of misses that differs from that of false alarms is normalised by the better trivial decision', (t) => {
  const sorted = sortScores([1, 2, 3, 4], [0, 1, 0, 1]);
  // Accepting 2 and above: no miss, half the nontargets; cost 0.5 * 2 * 0.5 over min(0.5 * 10, 0.5 * 2).
  t.true(Math.abs(minDcf(sorted, 0.5, { costMiss: 10, costFalseAlarm: 2 }) - 0.5) < 1e-12);
});

test('a score that is not a number and a missing kind of trial are errors of the user', (t) => {
  t.throws(() => eerOf([0.1, 0.2, Number.NaN], [1, 0, 1]), { instanceOf: UserError, message: /trial 2 / });
  t.throws(() => eerOf([0.1, 0.2], [1, 1]), { instanceOf: UserError, message: /2 target and 0 nontarget/ });
  t.throws(() => eerOf([], []), { instanceOf: UserError });
});
