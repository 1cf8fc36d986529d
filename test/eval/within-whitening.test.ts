import test from 'ava';
import { UserError } from '../../src/errors.js';
import { fitWithinWhitening } from '../../src/eval/within-whitening.js';
import { createRng } from '../../src/random.js';

const [CLASSES, EACH, SIZE] = [40, 4, 5];
const SPREADS = [0.1, 2, 0.5, 1, 0.3];

/** Vectors of classes: a drawn mean each, and copies around it that vary along dimension i by SPREADS[i]; the last two go together. */
function planted() {
  const rng = createRng('within');
  const rows: number[][] = [];
  for (let i = 0; i < CLASSES; i++) {
    const mean = SPREADS.map(() => 3 * rng.normal());
    for (let copy = 0; copy < EACH; copy++) {
      const noise = SPREADS.map((spread) => spread * rng.normal());
      noise[4] += noise[3];
      rows.push(mean.map((value, j) => value + noise[j]));
    }
  }
  const labels = Int32Array.from(rows, (_, row) => Math.floor(row / EACH));
  return { rows, labels, vectors: Float64Array.from(rows.flat()) };
}

const meanOf = (rows: number[][], i: number) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length;

test('after the map, the shrunk covariance within classes is the unit matrix', (t) => {
  const { rows, labels, vectors } = planted();
  const { mean, matrix } = fitWithinWhitening({ vectors, size: SIZE, labels });
  // By plain loops: vectors of unit deviation, their scatter around the means of their classes, 5 % of it replaced by its mean variance.
  const means = SPREADS.map((_, i) => meanOf(rows, i));
  const deviations = means.map((center, i) =>
    Math.sqrt(rows.reduce((sum, row) => sum + (row[i] - center) ** 2, 0) / rows.length),
  );
  const scaled = rows.map((row) => row.map((value, i) => (value - means[i]) / deviations[i]));
  const within = SPREADS.map(() => SPREADS.map(() => 0));
  for (let first = 0; first < rows.length; first += EACH) {
    const group = scaled.slice(first, first + EACH);
    for (let i = 0; i < SIZE; i++)
      for (let j = 0; j < SIZE; j++)
        for (const row of group)
          within[i][j] += ((row[i] - meanOf(group, i)) * (row[j] - meanOf(group, j))) / rows.length;
  }
  const trace = within.reduce((sum, row, i) => sum + row[i], 0);
  const shrunk = within.map((row, i) => row.map((value, j) => 0.95 * value + (i === j ? (0.05 * trace) / SIZE : 0)));
  for (const [i, value] of mean.entries()) t.true(Math.abs(value - means[i]) < 1e-12);
  for (let a = 0; a < SIZE; a++)
    for (let b = 0; b < SIZE; b++) {
      let product = 0;
      for (let i = 0; i < SIZE; i++)
        for (let j = 0; j < SIZE; j++)
          product += matrix[a * SIZE + i] * deviations[i] * shrunk[i][j] * matrix[b * SIZE + j] * deviations[j];
      t.true(Math.abs(product - (a === b ? 1 : 0)) < 1e-9, `${a}, ${b}: ${product}`);
    }
});

test('a cosine after the map tells classes apart where the loudest dimension says nothing of them', (t) => {
  const rng = createRng('loud');
  const rows = Array.from({ length: 60 }, (_, row) => [Math.floor(row / 3) % 2 === 0 ? 1 : -1, 100 * rng.normal()]);
  for (const row of rows) row[0] += 0.05 * rng.normal();
  const labels = Int32Array.from(rows, (_, row) => Math.floor(row / 3));
  const { mean, matrix } = fitWithinWhitening({ vectors: Float64Array.from(rows.flat()), size: 2, labels });
  const mapped = rows.map((row) =>
    [0, 1].map((a) => matrix[2 * a] * (row[0] - mean[0]) + matrix[2 * a + 1] * (row[1] - mean[1])),
  );
  const cosine = ([a, b]: number[], [c, d]: number[]) => (a * c + b * d) / Math.hypot(a, b) / Math.hypot(c, d);
  const average = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  const same = average(rows.slice(6).flatMap((_, i) => (i % 6 === 0 ? [cosine(mapped[i], mapped[i + 6])] : [])));
  const other = average(rows.slice(6).flatMap((_, i) => (i % 6 === 0 ? [cosine(mapped[i], mapped[i + 3])] : [])));
  t.true(same - other > 1, `${same}, ${other}`);
});

test('a dimension that never changes is left out, and copies that are all equal are refused', (t) => {
  const { rows, labels } = planted();
  const still = Float64Array.from(rows.flatMap((row) => row.map((value, i) => (i === 2 ? 7 : value))));
  const { matrix } = fitWithinWhitening({ vectors: still, size: SIZE, labels });
  t.true(matrix.every(Number.isFinite));
  for (let axis = 0; axis < SIZE; axis++) t.is(Math.abs(matrix[axis * SIZE + 2]), 0);
  const equal = Float64Array.from(rows.flatMap((_, row) => rows[Math.floor(row / EACH)]));
  t.throws(() => fitWithinWhitening({ vectors: equal, size: SIZE, labels }), {
    instanceOf: UserError,
    message: /copies of every utterance are equal/,
  });
  const broken = Float64Array.from(still);
  broken[SIZE + 1] = Number.NaN;
  t.throws(() => fitWithinWhitening({ vectors: broken, size: SIZE, labels }), { instanceOf: UserError, message: /1/ });
});
