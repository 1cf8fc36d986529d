import test from 'ava';
import {
  dot,
  indicesUpTo,
  joinRows,
  norm,
  rowDot,
  rowsOf,
  squaredDistance,
  squaredRowDistance,
  takeRows,
  unitRows,
} from '../src/rows.js';

const matrix = Float32Array.of(3, 4, 0, 0, 1, 2);

test('rows are views, taken rows are copies, joined matrices are one', (t) => {
  t.deepEqual(
    [...rowsOf(matrix, 2)].map((row) => [...row]),
    [
      [3, 4],
      [0, 0],
      [1, 2],
    ],
  );
  t.is([...rowsOf(matrix, 2)][0].buffer, matrix.buffer);
  const taken = takeRows(matrix, 2, Int32Array.of(2, 0, 2));
  t.deepEqual([...taken], [1, 2, 3, 4, 1, 2]);
  t.not(taken.buffer, matrix.buffer);
  t.deepEqual([...joinRows([matrix.subarray(4), matrix.subarray(0, 2)])], [1, 2, 3, 4]);
});

test('indices count from 0', (t) => {
  t.deepEqual([...indicesUpTo(3)], [0, 1, 2]);
  t.is(indicesUpTo(0).length, 0);
});

test('products, distances and lengths, of vectors and of rows', (t) => {
  t.is(dot([3, 4], [1, 2]), 11);
  t.is(rowDot(matrix, 0, matrix, 2, 2), 11);
  t.is(squaredDistance([3, 4], [1, 2]), 8);
  t.is(squaredRowDistance(matrix, 0, matrix, 2, 2), 8);
  t.is(norm([3, 4]), 5);
});

test('unit rows have length 1, rows of zeros stay, and the matrix is not changed', (t) => {
  for (const units of [unitRows(matrix, 2), unitRows(matrix, 2, norm)]) {
    t.deepEqual([...units.subarray(0, 4)], [Math.fround(0.6), Math.fround(0.8), 0, 0]);
    t.true(Math.abs(norm(units.subarray(4)) - 1) < 1e-7);
  }
  t.is(matrix[0], 3);
});
