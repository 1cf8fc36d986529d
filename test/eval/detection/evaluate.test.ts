import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { meanEmbedding, scoreTrials } from '../../../src/eval/cosine-scoring.js';
import { detOfTrials, evaluate, evaluateScores } from '../../../src/eval/detection/evaluate.js';
import { readFixture } from '../fixture.js';

const fixture = readFixture<{ embeddings: number[]; mean: number[]; raw: number[]; meanSubtracted: number[] }>(
  'cosine.json',
);
const COUNT = 8;
const names = Array.from({ length: COUNT }, (_, i) => `u${i}`);
const flat = Float32Array.from(fixture.embeddings);
const embeddings = new Map(names.map((name, i) => [name, flat.subarray(i * 12, (i + 1) * 12)]));
const trials = names.flatMap((a, i) => names.map((b, j) => ({ enrolment: a, test: b, target: i % 2 === j % 2 })));
const close = (a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number) =>
  a.length === b.length && Array.from(a).every((value, i) => Math.abs(value - b[i]) <= tolerance);

test('cosines agree with scikit-learn, raw and mean-subtracted', (t) => {
  t.true(close(scoreTrials(embeddings, trials), fixture.raw, 1e-6));
  const mean = meanEmbedding(embeddings.values());
  t.true(close(mean, fixture.mean, 1e-6));
  t.true(close(scoreTrials(embeddings, trials, { mean }), fixture.meanSubtracted, 1e-6));
});

test('scores never leave [-1, 1], whatever the norm', (t) => {
  const vectors = new Map(
    [1e-20, 1, 1e15].map((scale, i) => [`${i}`, Float32Array.of(0.1 * scale, 0.2 * scale, 0.7 * scale)]),
  );
  const pairs = [...vectors.keys()].flatMap((a) =>
    [...vectors.keys()].map((b) => ({ enrolment: a, test: b, target: true })),
  );
  for (const score of scoreTrials(vectors, pairs)) t.true(score <= 1 && score > 0.999999);
});

test('unknown, zero, non-finite and odd-sized embeddings are named', (t) => {
  const withVector = (vector: Float32Array) => new Map([...embeddings, ['odd', vector]]);
  const pair = [{ enrolment: 'u0', test: 'odd', target: true }];
  const fails = (vector: Float32Array, message: RegExp, mean?: Float32Array) =>
    t.throws(() => scoreTrials(withVector(vector), pair, { mean }), { instanceOf: UserError, message });
  t.throws(() => scoreTrials(embeddings, pair), { instanceOf: UserError, message: /1 utterance .*odd/ });
  fails(new Float32Array(12), /odd is zero/);
  fails(Float32Array.from(fixture.mean), /odd equals the mean/, Float32Array.from(fixture.mean));
  fails(new Float32Array(12).fill(Number.NaN), /odd is not finite/);
  fails(new Float32Array(5).fill(1), /odd has 5 dimensions where 12/);
  t.throws(() => meanEmbedding([]), { instanceOf: UserError });
});

test('evaluate: figures, counts, and an interval where speakers are known', (t) => {
  const speakers = new Map(names.map((name, i) => [name, `speaker ${i % 4}`]));
  const result = evaluate({ embeddings, trials, speakers, replicates: 50 });
  t.is(result.trials, 64);
  t.is(result.targets, 32);
  t.true(result.eer > 0 && result.eer < 1);
  t.true(result.eerConvexHull > 0 && result.eerConvexHull <= result.eer);
  t.deepEqual(Object.keys(result.minDcf), ['0.01', '0.05']);
  t.true(result.interval!.eer[0] < result.interval!.eer[1]);
  t.is(evaluate({ embeddings, trials }).interval, null);
  const two = new Map(names.map((name, i) => [name, i % 2 ? 'odd' : 'even']));
  t.is(evaluate({ embeddings, trials, speakers: two }).interval, null);
  t.deepEqual(JSON.parse(JSON.stringify(result)), result);
});

test('evaluateScores takes scores of any origin; a NaN score names its trial', (t) => {
  const two = [
    { enrolment: 'a', test: 'b', target: true },
    { enrolment: 'a', test: 'c', target: false },
  ];
  t.is(evaluateScores([2, 1], two).eer, 0);
  t.deepEqual(detOfTrials([2, 1], two).at(0), { falseAlarm: 1, miss: 0 });
  t.throws(() => evaluateScores([2, Number.NaN], two), { instanceOf: UserError, message: /a against c/ });
});
