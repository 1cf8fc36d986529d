import test from 'ava';
import { UserError } from '../../../src/errors.js';
import { fitLda } from '../../../src/eval/backend/lda.js';
import { applySteps, applyToRows, sizeAfter, subtraction } from '../../../src/eval/backend/steps.js';
import { distance, readFixture } from './fixture.js';

const { train, labels } = readFixture<{ train: number[]; labels: number[] }>('plda.json');
const { projected } = readFixture<{ projected: number[] }>('lda.json');
const vectors = Float32Array.from(train);
const [D, KEPT] = [5, 3];

test("LDA projects as scikit-learn's solver by eigenvalues does, up to signs", (t) => {
  const step = fitLda({ vectors, size: D, labels }, KEPT);
  t.is(sizeAfter([step], D), KEPT);
  const found = applyToRows([step], vectors, D);
  t.true(
    distance(
      found.map((value) => Math.abs(value)),
      projected,
    ) < 1e-9,
  );
});

test('too many dimensions and too few speakers are errors of the user', (t) => {
  const fails = (labels: number[], kept: number, message: RegExp) =>
    t.throws(() => fitLda({ vectors, size: D, labels }, kept), { instanceOf: UserError, message });
  fails(labels, 6, /at most 5; 6/);
  fails(
    labels.map((label) => label % 3),
    3,
    /at most 2; 3/,
  );
  fails(
    labels.map(() => 0),
    1,
    /only one/,
  );
});

test('steps follow each other; length normalisation leaves a zero vector alone', (t) => {
  const norm = { kind: 'length-norm' } as const;
  const stepped = applySteps([subtraction([1, 2, 3, 4]), norm], [4, 2, 3, 8]);
  t.true(distance(stepped, [1.2, 0, 0, 1.6]) < 1e-12);
  t.deepEqual(applySteps([norm], [0, 0]), new Float64Array(2));
});
