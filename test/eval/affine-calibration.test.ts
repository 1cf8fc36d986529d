import test from 'ava';
import { UserError } from '../../src/errors.js';
import { type AffineCalibration, fitAffineCalibration } from '../../src/eval/affine-calibration.js';
import { sortInPlace } from '../../src/eval/detection/sorted-scores.js';
import { createRng } from '../../src/random.js';
import { readFixture } from './fixture.js';

interface Case {
  name: string;
  targets: number[];
  nontargets: number[];
  prior: number;
  scale: number;
  offset: number;
  cost: number;
}

const sorted = (targets: readonly number[], nontargets: readonly number[]) =>
  sortInPlace({ targets: Float64Array.from(targets), nontargets: Float64Array.from(nontargets) });

/** The cost of the paper. */
function costOf(
  targets: readonly number[],
  nontargets: readonly number[],
  prior: number,
  fit: AffineCalibration,
): number {
  const logit = Math.log(prior / (1 - prior));
  const mean = (scores: readonly number[], sign: number) =>
    scores.reduce((sum, s) => sum + Math.log1p(Math.exp(-sign * (fit.scale * s + fit.offset + logit))), 0) /
    scores.length;
  return prior * mean(targets, 1) + (1 - prior) * mean(nontargets, -1);
}

for (const { name, targets, nontargets, prior, ...expected } of readFixture<Case[]>('affine-calibration.json')) {
  test(`scale and offset are those of scikit-learn and SciPy: ${name}`, (t) => {
    const fit = fitAffineCalibration(sorted(targets, nontargets), prior);
    t.true(Math.abs(fit.scale - expected.scale) <= 1e-6 * Math.abs(expected.scale), `${fit.scale} ${expected.scale}`);
    t.true(Math.abs(fit.offset - expected.offset) <= 1e-6 * Math.max(1, Math.abs(expected.offset)), `${fit.offset}`);
    t.true(costOf(targets, nontargets, prior, fit) <= expected.cost + 1e-12);
  });
}

test('no small step from the fit costs less', (t) => {
  const rng = createRng(5);
  for (let round = 0; round < 20; round++) {
    const draw = (count: number, centre: number) => Array.from({ length: count }, () => centre + rng.normal());
    const [targets, nontargets] = [draw(5 + rng.int(40), 1.5), draw(5 + rng.int(40), 0)];
    const prior = rng.uniform(0.02, 0.98);
    if (Math.min(...targets) > Math.max(...nontargets)) continue;
    const fit = fitAffineCalibration(sorted(targets, nontargets), prior);
    const cost = costOf(targets, nontargets, prior, fit);
    for (const [a, b] of [
      [1e-3, 0],
      [-1e-3, 0],
      [0, 1e-3],
      [0, -1e-3],
    ]) {
      t.true(costOf(targets, nontargets, prior, { scale: fit.scale + a, offset: fit.offset + b }) > cost);
    }
  }
});

test('scores that a threshold separates give a finite fit that grows with their number', (t) => {
  const few = fitAffineCalibration(sorted([1, 1.1], [0, -0.1]));
  const many = fitAffineCalibration(sorted(new Array(100).fill(1), new Array(100).fill(0)));
  for (const { scale, offset } of [few, many]) {
    t.true(Number.isFinite(scale) && scale > 0 && Number.isFinite(offset));
    t.true(scale + offset > 0 && offset < 0);
  }
  t.true(many.scale > few.scale);
  // Of 100 equal trials of each kind the least cost is at (n + 1) / (n + 2), in closed form.
  t.true(Math.abs(many.scale + many.offset - Math.log(101)) < 1e-9);
  t.true(Math.abs(many.offset + Math.log(101)) < 1e-9);
});

test('scores that say nothing or the opposite, and infinite ones, are refused', (t) => {
  const refused = (targets: number[], nontargets: number[], message: RegExp) =>
    t.throws(() => fitAffineCalibration(sorted(targets, nontargets)), { instanceOf: UserError, message });
  refused([1, 1], [1, 1, 1], /all scores are equal/);
  refused([0, 1, 0.5], [1, 2, 0.9], /targets do not score higher/);
  refused([0, 1], [1, 0], /targets do not score higher/);
  refused([0, Number.POSITIVE_INFINITY], [1, 0], /infinite/);
});
