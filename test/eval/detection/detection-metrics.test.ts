import test from 'ava';
import fc from 'fast-check';
import { cllr } from '../../../src/eval/detection/cllr.js';
import { actDcf, hullDcf, minDcf } from '../../../src/eval/detection/dcf.js';
import { detectionMetrics } from '../../../src/eval/detection/detection-metrics.js';
import { EER_RULES, type EerRule, equalError } from '../../../src/eval/detection/eer.js';
import { minCllr, rocHull } from '../../../src/eval/detection/roc-hull.js';
import { acceptAbove, sortScores } from '../../../src/eval/detection/sorted-scores.js';
import { thresholdTable } from '../../../src/eval/detection/threshold-table.js';
import { readFixture } from '../fixture.js';

interface MetricsCase {
  name: string;
  scores: number[];
  labels: number[];
  eer: Record<EerRule, number>;
  costs: { prior: number; costMiss: number; costFalseAlarm: number; min: number; actual: number; unit: number }[];
  /** [allowed, false accepts, false rejects] */
  thresholds: [number, number, number][];
  cllr: number;
  minCllr: number;
}

const near = (a: number, b: number, tolerance = 1e-9) => Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

for (const expected of readFixture<MetricsCase[]>('metrics.json')) {
  const sorted = sortScores(expected.scores, expected.labels);

  test(`${expected.name}: EER by every rule, as with scikit-learn's ROC and SciPy`, (t) => {
    for (const rule of EER_RULES) {
      const { eer } = equalError(sorted, rule);
      t.true(near(eer, expected.eer[rule], 1e-8), `${rule}: ${eer} is not ${expected.eer[rule]}`);
    }
  });

  test(`${expected.name}: minimum and actual costs at any prior and costs, normalised or not`, (t) => {
    for (const { min, actual, unit, prior, ...costs } of expected.costs) {
      const plain = { ...costs, normalised: false };
      t.true(near(minDcf(sorted, prior, plain), min));
      t.true(near(minDcf(sorted, prior, costs), Math.min(1, min / unit)));
      t.true(near(actDcf(sorted, prior, plain), actual));
      t.true(near(actDcf(sorted, prior, costs), actual / unit));
    }
  });

  test(`${expected.name}: Cllr, and min Cllr as with scikit-learn's isotonic regression`, (t) => {
    t.true(near(cllr(sorted), expected.cllr, 1e-12), `${cllr(sorted)} is not ${expected.cllr}`);
    t.true(near(minCllr(rocHull(sorted)), expected.minCllr), `${minCllr(rocHull(sorted))} is not ${expected.minCllr}`);
  });

  test(`${expected.name}: thresholds for false-accept rates`, (t) => {
    const rates = expected.thresholds.map(([allowed]) => allowed);
    for (const [i, row] of thresholdTable(sorted, rates).entries()) {
      t.true(near(row.falseAccept, expected.thresholds[i][1]), `${row.falseAccept} at ${rates[i]}`);
      t.true(near(row.falseReject, expected.thresholds[i][2]), `${row.falseReject} at ${rates[i]}`);
    }
  });
}

/** Trials of both kinds with scores on a coarse grid: ties are the rule. */
const trialsArbitrary = fc
  .array(fc.tuple(fc.integer({ min: -6, max: 6 }), fc.integer({ min: 0, max: 1 })), { minLength: 2, maxLength: 60 })
  .filter((trials) => new Set(trials.map(([, label]) => label)).size === 2)
  .map((trials) => ({ scores: trials.map(([score]) => score / 2), labels: trials.map(([, label]) => label) }));

test('a rising transform and the order of the trials change nothing but Cllr and actual costs', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const moved = scores.map((score) => Math.exp(score) + 3 * score).reverse();
    const [a, b] = [sortScores(scores, labels), sortScores(moved, [...labels].reverse())].map((sorted) => {
      const { eerByRule, minDcf: costs, minCllr: least } = detectionMetrics(sorted, { priors: [0.05, 0.7] });
      return JSON.stringify({ eerByRule, costs, least });
    });
    return a === b;
  });
  t.notThrows(() => fc.assert(property, { seed: 1 }));
});

test('swapping labels and signs keeps Cllr, min Cllr, the hull and costs with swapped roles', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const sorted = sortScores(scores, labels);
    const swapped = sortScores(
      scores.map((score) => -score),
      labels.map((label) => 1 - label),
    );
    return (
      near(cllr(sorted), cllr(swapped)) &&
      near(minCllr(rocHull(sorted)), minCllr(rocHull(swapped))) &&
      near(equalError(sorted, 'convex-hull').eer, equalError(swapped, 'convex-hull').eer) &&
      near(
        minDcf(sorted, 0.2, { costMiss: 3, costFalseAlarm: 2 }),
        minDcf(swapped, 0.8, { costMiss: 2, costFalseAlarm: 3 }),
      )
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 2 }));
});

test('order of the figures: hull below interpolated; min below actual; min Cllr below Cllr and 1', (t) => {
  const property = fc.property(trialsArbitrary, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (trials, prior) => {
    const sorted = sortScores(trials.scores, trials.labels);
    const eer = (rule: EerRule) => equalError(sorted, rule).eer;
    const least = minCllr(rocHull(sorted));
    return (
      eer('convex-hull') <= Math.min(0.5, eer('interpolated')) + 1e-12 &&
      minDcf(sorted, prior) <= actDcf(sorted, prior) + 1e-12 &&
      least <= Math.min(1, cllr(sorted)) + 1e-12 &&
      least >= 0
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 3 }));
});

test('the threshold of the lowest cost has that cost', (t) => {
  const property = fc.property(trialsArbitrary, ({ scores, labels }) => {
    const sorted = sortScores(scores, labels);
    const { cost, threshold } = hullDcf(rocHull(sorted), 0.3, { normalised: false });
    const { misses, falseAlarms } = acceptAbove(sorted, threshold);
    const found = (0.3 * misses) / sorted.targets.length + (0.7 * falseAlarms) / sorted.nontargets.length;
    return near(cost, found);
  });
  t.notThrows(() => fc.assert(property, { seed: 4 }));
});

test('Cllr of sure scores keeps its digits, and is infinite for an infinitely sure error', (t) => {
  const sure = sortScores([40, 50, -40, -50], [1, 1, 0, 0]);
  const exact = (2 * (Math.exp(-40) + Math.exp(-50))) / 2 / (2 * Math.LN2);
  t.true(near(cllr(sure) / exact, 1, 1e-12));
  t.is(cllr(sortScores([Number.NEGATIVE_INFINITY, 0], [1, 0])), Number.POSITIVE_INFINITY);
  t.is(cllr(sortScores([0, 0, 0], [1, 0, 0])), 1);
  t.is(cllr(sortScores([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY], [1, 0])), 0);
});

test('scores that are not numbers are counted and the first few named', (t) => {
  const scores = Float32Array.from({ length: 20 }, (_, i) => (i % 2 ? Number.NaN : i));
  const labels = scores.map((_, i) => Number(i < 4));
  t.throws(() => sortScores(scores, labels), { message: /scores of 10 trials are not numbers: 1, 3, 5, 7, 9, \.\.\./ });
});
