import test from 'ava';
import { type DetPoint, detCurve } from '../../../src/eval/detection/det.js';
import { probit } from '../../../src/eval/detection/probit.js';
import { sortScores } from '../../../src/eval/detection/sorted-scores.js';
import { createRng } from '../../../src/random.js';
import { readFixture } from '../fixture.js';

function normalScores(trials: number) {
  const rng = createRng('det');
  const labels = Uint8Array.from({ length: trials }, () => rng.int(2));
  return sortScores(
    Float64Array.from(labels, (label) => rng.normal() + 2 * label),
    labels,
  );
}

test('probit agrees with scipy', (t) => {
  const { probabilities, values } = readFixture<{ probabilities: number[]; values: number[] }>('probit.json');
  for (const [i, probability] of probabilities.entries()) {
    t.true(Math.abs(probit(probability) - values[i]) < 2e-6, `probit(${probability}) = ${probit(probability)}`);
  }
  t.is(probit(0), Number.NEGATIVE_INFINITY);
  t.is(probit(1), Number.POSITIVE_INFINITY);
});

test('a curve of few trials holds every operating point, from accepting all to rejecting all', (t) => {
  t.deepEqual(detCurve(sortScores([1, 2, 2, 3], [0, 1, 0, 1])), [
    { falseAlarm: 1, miss: 0 },
    { falseAlarm: 0.5, miss: 0 },
    { falseAlarm: 0, miss: 0.5 },
    { falseAlarm: 0, miss: 1 },
  ]);
});

test('a curve of many trials is thinned, monotone, and keeps its ends', (t) => {
  const points = detCurve(normalScores(200_000));
  t.true(points.length > 100 && points.length < 1200, `${points.length} points`);
  t.deepEqual(points[0], { falseAlarm: 1, miss: 0 });
  t.deepEqual(points.at(-1), { falseAlarm: 0, miss: 1 });
  for (let i = 1; i < points.length; i++) {
    t.true(points[i].falseAlarm <= points[i - 1].falseAlarm && points[i].miss >= points[i - 1].miss);
  }
});

test('normal scores of equal variance draw a straight line of slope -1 on probit axes', (t) => {
  const inside = ({ falseAlarm, miss }: DetPoint) =>
    Math.min(falseAlarm, miss) > 0.01 && Math.max(falseAlarm, miss) < 0.9;
  for (const { falseAlarm, miss } of detCurve(normalScores(200_000)).filter(inside)) {
    t.true(Math.abs(probit(falseAlarm) + probit(miss) + 2) < 0.05);
  }
});
