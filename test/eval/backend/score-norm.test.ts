import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { cohortStatistics, topValuesToFront } from '../../../src/eval/backend/cohort-statistics.js';
import { type Backend, cohortFault, cohortUses, scoreWithBackend } from '../../../src/eval/backend/scoring-backend.js';
import { createRng } from '../../../src/random.js';
import { distance, readFixture } from './fixture.js';

const fixture = readFixture<{ vectors: number[]; cohort: number[]; asNorm: number[]; sNorm: number[] }>('norm.json');
const D = 5;
const names = Array.from({ length: 7 }, (_, i) => `u${i}`);
const embeddings = new Map(
  names.map((name, i) => [name, Float32Array.from(fixture.vectors.slice(i * D, (i + 1) * D))]),
);
const cohort = Float32Array.from(fixture.cohort);
const trials = names.flatMap((a) => names.map((b) => ({ enrolment: a, test: b, target: a === b })));
const cosine: Backend = { size: D, steps: [], plda: null, norm: null, cohort, calibration: null, model: null };

test('AS-norm and S-norm equal the formula in NumPy', (t) => {
  const normed = (norm: Backend['norm']) => scoreWithBackend({ ...cosine, norm }, { embeddings, trials }).normalised!;
  t.true(distance(normed({ kind: 'as-norm', top: 9 }), fixture.asNorm) < 1e-6);
  t.true(distance(normed({ kind: 's-norm', top: 9 }), fixture.sNorm) < 1e-6);
  t.deepEqual(normed({ kind: 'as-norm', top: 10_000 }), normed({ kind: 's-norm', top: 2 }), 'a cohort smaller than N');
});

test('a model of one utterance scores as that utterance', (t) => {
  const backend: Backend = { ...cosine, norm: { kind: 'as-norm', top: 9 } };
  const enrolments = new Map(names.map((name) => [`model of ${name}`, [name]]));
  const ofModels = trials.map((trial) => ({ ...trial, enrolment: `model of ${trial.enrolment}` }));
  t.deepEqual(
    scoreWithBackend(backend, { embeddings, trials: ofModels, enrolments }).normalised,
    scoreWithBackend(backend, { embeddings, trials }).normalised,
  );
});

test('the largest values come to the front, whatever the order and the ties', (t) => {
  const rng = createRng(1);
  for (let round = 0; round < 300; round++) {
    const length = 1 + rng.int(40);
    const values = Float64Array.from({ length }, () => (round % 3 ? rng.int(5) : rng.normal()));
    if (round % 7 === 0) values[rng.int(length)] = Number.NEGATIVE_INFINITY;
    const count = rng.int(length + 2);
    const expected = Array.from(values)
      .sort((a, b) => b - a)
      .slice(0, count);
    topValuesToFront(values, count);
    t.deepEqual(
      Array.from(values.subarray(0, count)).sort((a, b) => b - a),
      expected,
    );
  }
});

test('statistics by blocks equal plain ones, and leave one speaker out', (t) => {
  const rng = createRng(2);
  const row = () => Float64Array.from({ length: 6 }, () => rng.normal());
  const rows = Array.from({ length: 131 }, row);
  const others = Array.from({ length: 11 }, row);
  const found = cohortStatistics(
    rows.length,
    (i) => rows[i],
    { rows: others, top: 4 },
    (i) => (i % 12) - 1,
  );
  for (const [i, a] of rows.entries()) {
    const scores = others
      .filter((_, c) => c !== (i % 12) - 1)
      .map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0))
      .sort((x, y) => y - x)
      .slice(0, 4);
    const mean = scores.reduce((sum, value) => sum + value) / 4;
    const deviation = Math.sqrt(scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4);
    t.true(distance([found.mean[i], found.deviation[i]], [mean, deviation]) < 1e-12);
  }
});

test('a cohort of one, of equals, of another size, or none, is an error of the user', (t) => {
  const fails = (cohort: Float32Array | null, message: RegExp) =>
    t.throws(() => scoreWithBackend({ ...cosine, cohort, norm: { kind: 'as-norm', top: 3 } }, { embeddings, trials }), {
      instanceOf: UserError,
      message,
    });
  fails(cohort.subarray(0, D), /cohort scores of u0 are all equal/);
  fails(Float32Array.from([...cohort.subarray(0, D), ...cohort.subarray(0, D)]), /all equal/);
  fails(cohort.subarray(0, D + 1), /do not have 5 dimensions/);
  fails(new Float32Array(2 * D), /cohort speaker 0 is zero/);
  fails(new Float32Array(D).fill(Number.NaN), /Cohort speaker 0 .*not finite/);
  fails(null, /No cohort is given for as-norm/);
});

test('what uses a cohort is named where it is forbidden', (t) => {
  t.is(cohortFault(cohortUses({ norm: null, calibration: { measures: ['durations', 'magnitudes'] } })), undefined);
  const both = cohortUses({ norm: { kind: 's-norm', top: 3 }, calibration: { measures: ['cohort-means'] } });
  t.regex(cohortFault(both)!, /s-norm and calibration by cohort means need them: a one-to-one rule/);
});
