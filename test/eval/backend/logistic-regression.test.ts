import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { fitLogistic } from '../../../src/eval/backend/logistic-regression.js';
import { distance, readFixture } from './fixture.js';

const fixture = readFixture<{
  features: number[];
  isTarget: number[];
  ridge: number;
  weights: number[];
  bias: number;
  cllr: number;
}>('logistic.json');
const features = Float64Array.from(fixture.features);
const isTarget = Uint8Array.from(fixture.isTarget);

test('weights, bias and Cllr equal those of scikit-learn', (t) => {
  const { weights, bias, cllr } = fitLogistic({ features, width: 3, isTarget }, { ridge: fixture.ridge });
  t.true(distance(weights, fixture.weights) < 1e-5);
  t.true(distance([bias, cllr], [fixture.bias, fixture.cllr]) < 1e-5);
});

test('no weights nearby cost less: the answer is a minimum', (t) => {
  const ridge = 0;
  const { weights, bias, cllr } = fitLogistic({ features, width: 3, isTarget }, { ridge });
  for (let j = 0; j < 4; j++) {
    for (const factor of [0.99, 1.01]) {
      const moved = weights.map((value, i) => (i === j ? value * factor : value));
      t.true(costOf(moved, j === 3 ? bias * factor : bias) > cllr);
    }
  }
});

/** Cllr in bits, as the formula stands. */
function costOf(weights: Float64Array, bias: number): number {
  const cost = [0, 0];
  const count = [0, 0];
  for (let i = 0; i < isTarget.length; i++) {
    const llr = weights.reduce((sum, weight, j) => sum + weight * features[3 * i + j], bias);
    cost[isTarget[i]] += Math.log2(1 + Math.exp(isTarget[i] ? -llr : llr));
    count[isTarget[i]]++;
  }
  return 0.5 * (cost[0] / count[0] + cost[1] / count[1]);
}

test('separable classes have a finite answer, huge scores too; a constant feature weighs nothing', (t) => {
  for (const scale of [1e-6, 1, 1e6]) {
    const separable = Float64Array.from({ length: 80 }, (_, i) => (i % 2 ? 0.3 : scale * (i < 40 ? -1 - i : i)));
    const two = Uint8Array.from({ length: 40 }, (_, i) => Number(i >= 20));
    const { weights, bias, cllr } = fitLogistic({ features: separable, width: 2, isTarget: two });
    t.true(weights[0] > 0 && Number.isFinite(weights[0]) && Number.isFinite(bias));
    t.is(weights[1], 0);
    t.true(cllr < 0.01);
  }
  const nothing = fitLogistic({ features: new Float64Array(4).fill(2), width: 1, isTarget: Uint8Array.of(0, 1, 0, 1) });
  t.true(Math.abs(nothing.cllr - 1) < 1e-9 && nothing.weights[0] === 0);
});

test('one class, or a feature that is not finite, is an error of the user', (t) => {
  const fails = (values: number[], isTarget: number[], message: RegExp) =>
    t.throws(
      () => fitLogistic({ features: Float64Array.from(values), width: 1, isTarget: Uint8Array.from(isTarget) }),
      {
        instanceOf: UserError,
        message,
      },
    );
  fails([1, 2], [1, 1], /there are 2 and 0/);
  fails([1, 2], [0, 0], /there are 0 and 2/);
  fails([1, Number.NaN], [0, 1], /trial 1 is not finite/);
});
