import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { KALDI_SCORING, type PldaScoring, pldaScorer } from '../../../src/eval/backend/plda.js';
import { adaptPlda, covariancesOf } from '../../../src/eval/backend/plda-adapt.js';
import { fitPlda } from '../../../src/eval/backend/plda-em.js';
import { readKaldiPlda } from '../../../src/eval/backend/plda-kaldi.js';
import { dot } from '../../../src/rows.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { distance, fixturePath, readFixture } from './fixture.js';

const fixture = readFixture<Record<string, number[]>>('plda.json');
const D = 5;
const plda = {
  size: D,
  mean: Float64Array.from(fixture.mean),
  transform: Float64Array.from(fixture.transform),
  betweenVariances: Float64Array.from(fixture.psi),
};
const vectors = Array.from({ length: 12 }, (_, i) => Float32Array.from(fixture.vectors.slice(i * D, (i + 1) * D)));
const train = Float32Array.from(fixture.train);
const plain: PldaScoring = { sessions: 'count', lengthNorm: 'none' };

function ratios(enrolments: Float32Array[][], scoring: PldaScoring): number[] {
  const scorer = pldaScorer(plda, [], scoring);
  const tests = vectors.map((vector) => scorer.test(vector, 'test'));
  return enrolments.flatMap((enrolment) => tests.map((row) => dot(scorer.enrol(enrolment, 'model'), row)));
}

const each = vectors.map((vector) => [vector]);
const three = [vectors.slice(0, 3)];

test('log-likelihood ratios equal those of joint Gaussians from scipy, for one and several enrolled utterances', (t) => {
  t.true(distance(ratios(each, plain), fixture.single) < 1e-9);
  t.true(distance(ratios(three, plain), fixture.byCount) < 1e-9);
  t.true(distance(ratios(three, { ...plain, sessions: 'mean' }), fixture.byMean) < 1e-9);
});

test("with Kaldi's length normalisation too", (t) => {
  t.true(distance(ratios(each, KALDI_SCORING), fixture.kaldiSingle) < 1e-9);
  t.true(distance(ratios(three, KALDI_SCORING), fixture.kaldiByCount) < 1e-9);
});

test('a ratio is the same both ways', (t) => {
  const square = ratios(each, KALDI_SCORING);
  const turned = square.map((_, i) => square[(i % 12) * 12 + Math.floor(i / 12)]);
  t.true(distance(square, turned) < 1e-9);
});

test('EM finds what textbook EM with explicit inverses finds, and the likelihood never falls', (t) => {
  const { plda: found, logLikelihoods } = fitPlda(
    { vectors: train, size: D, labels: fixture.labels },
    { iterations: 6 },
  );
  const { between, within } = covariancesOf(found);
  t.true(distance(found.mean, fixture.fittedMean) < 1e-9);
  t.true(distance(between, fixture.fittedBetween) < 1e-9);
  t.true(distance(within, fixture.fittedWithin) < 1e-9);
  t.true(distance(logLikelihoods, fixture.likelihoods) < 1e-9);
  for (const [i, value] of logLikelihoods.entries()) if (i > 0) t.true(value >= logLikelihoods[i - 1]);
});

test('rows without a label count for nothing', (t) => {
  const more = Float32Array.from([...train, ...train.map((value) => 7 * value)]);
  const labels = [...fixture.labels, ...fixture.labels.map(() => -1)];
  const { plda: found } = fitPlda({ vectors: more, size: D, labels }, { iterations: 6 });
  t.true(distance(covariancesOf(found).within, fixture.fittedWithin) < 1e-9);
});

test('what cannot be estimated is an error of the user; a constant dimension is none', (t) => {
  const fails = (labels: number[], message: RegExp, rows = train) =>
    t.throws(() => fitPlda({ vectors: rows, size: D, labels }), { instanceOf: UserError, message });
  const { labels } = fixture;
  fails(
    labels.map(() => 3),
    /only one/,
  );
  fails(
    labels.map((_, i) => i),
    /none has two/,
  );
  fails(
    labels.map(() => -1),
    /No utterance has a label/,
  );
  fails(labels, /Vector 2 .*not finite/, Float32Array.from(train).fill(Number.NaN, 2 * D + 1, 2 * D + 2));
  fails(
    labels,
    /all equal/,
    Float32Array.from(train, (_, i) => labels[Math.floor(i / D)]),
  );
  const flat = train.map((value, i) => (i % D === 2 ? 1 : value));
  const { plda: found, logLikelihoods } = fitPlda({ vectors: flat, size: D, labels });
  t.true(found.transform.every(Number.isFinite) && logLikelihoods.every(Number.isFinite));
  t.true(found.betweenVariances.at(-1)! < 1e-9);
});

test('adaptation adds the excess along generalised eigenvectors of scipy, in shares', (t) => {
  const expected = readFixture<Record<string, number[]>>('adaptation.json');
  const target = Float64Array.from(expected.target);
  const adapted = adaptPlda(plda, target);
  t.true(distance(adapted.mean, expected.mean) < 1e-6);
  t.true(distance(covariancesOf(adapted).between, expected.between) < 1e-6);
  t.true(distance(covariancesOf(adapted).within, expected.within) < 1e-6);
  const shared = covariancesOf(adaptPlda(plda, target, { between: 0.7, within: 0.3 }));
  t.true(distance(shared.between, expected.kaldiSharesBetween) < 1e-6);
  t.true(distance(shared.within, expected.kaldiSharesWithin) < 1e-6);
  t.throws(() => adaptPlda(plda, target.subarray(0, D)), { instanceOf: UserError, message: /is one/ });
  t.throws(() => adaptPlda(plda, new Float64Array(2 * D).fill(Number.NaN)), { message: /not finite/ });
});

test('a domain that varies no more than the model says moves the mean only', (t) => {
  const target = Float64Array.from({ length: 40 * D }, (_, i) => 5 + 1e-3 * Math.sin(i));
  const { between, within } = covariancesOf(adaptPlda(plda, target));
  t.true(distance(between, covariancesOf(plda).between) < 1e-9);
  t.true(distance(within, covariancesOf(plda).within) < 1e-9);
});

test("Kaldi's binary and text files give the model", (t) => {
  for (const [name, tolerance] of [
    ['double.plda', 1e-15],
    ['text.plda', 1e-15],
    ['single.plda', 1e-6],
  ] as const) {
    const read = readKaldiPlda(fixturePath(name));
    t.is(read.size, D);
    t.true(distance(read.mean, plda.mean) <= tolerance, name);
    t.true(distance(read.transform, plda.transform) <= tolerance, name);
    t.true(distance(read.betweenVariances, plda.betweenVariances) <= tolerance, name);
  }
});

test('a Kaldi file that is cut short anywhere, or something else, is refused by name', (t) => {
  const folder = temporaryFolder(t);
  const refuse = (bytes: Buffer, name: string) => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    t.throws(() => readKaldiPlda(path), { instanceOf: UserError, message: new RegExp(name) }, `${bytes.length} bytes`);
  };
  for (const name of ['double.plda', 'text.plda']) {
    const whole = readFileSync(fixturePath(name));
    for (let length = 0; length < whole.length - 1; length += 7) refuse(whole.subarray(0, length), name);
  }
  const text = readFileSync(fixturePath('text.plda'), 'latin1');
  refuse(Buffer.from(text.replace(/\[ /, '[ 1 ')), 'sizes.plda');
  refuse(Buffer.from(text.replace(/\[ \S+/, '[ nan')), 'nan.plda');
  refuse(Buffer.from('<Nnet> 1'), 'other.plda');
  refuse(Buffer.from('\0B<Plda> DV \x04\xff\xff\xff\x7f', 'latin1'), 'huge.plda');
});
