import test from 'ava';
import fc from 'fast-check';
import { bestMatching } from '../../src/eval/best-matching.js';
import { adjustedRand, clusterAccuracy, filledClusters } from '../../src/eval/clustering-metrics.js';

/** Tries every matching. */
function bruteForce(table: number[][], row = 0, taken = new Set<number>()): number {
  if (row === table.length) return 0;
  let best = bruteForce(table, row + 1, taken);
  table[row].forEach((count, column) => {
    if (count === 0 || taken.has(column)) return;
    best = Math.max(best, count + bruteForce(table, row + 1, new Set([...taken, column])));
  });
  return best;
}

const sparse = (table: number[][]) =>
  table.map((row) => new Map(row.map((count, column) => [column, count] as const).filter(([, count]) => count > 0)));

test('the best matching is that of trying all', (t) => {
  const table = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) => {
    const row = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 })), {
      minLength: columns,
      maxLength: columns,
    });
    return fc.array(row, { minLength: rows, maxLength: rows });
  });
  const property = fc.property(table, (counts) => bestMatching(sparse(counts)) === bruteForce(counts));
  t.notThrows(() => fc.assert(property, { seed: 3, numRuns: 2000 }));
});

test('a matching of many rows, where each wants the same columns, and of a permutation', (t) => {
  const greedy = Array.from(
    { length: 300 },
    (_, i) =>
      new Map([
        [0, 10],
        [i, 9],
      ]),
  );
  // Row 0 has only column 0, with 9, which another row would take with 10.
  t.is(bestMatching(greedy), 300 * 9);
  const permuted = Array.from(
    { length: 500 },
    (_, i) =>
      new Map([
        [(i * 7 + 1) % 500, 5],
        [(i * 3) % 500, 4],
      ]),
  );
  t.is(bestMatching(permuted), 2500);
});

test('accuracy: one cluster for each class, the rest is wrong', (t) => {
  t.is(clusterAccuracy([0, 0, 1, 1], ['a', 'a', 'b', 'b']), 1);
  t.is(clusterAccuracy([5, 5, 5, 5], ['a', 'a', 'b', 'b']), 0.5);
  // A class in two clusters counts once: purity would be 1.
  t.is(clusterAccuracy([0, 1, 2, 2], ['a', 'a', 'b', 'b']), 0.75);
  t.is(clusterAccuracy(Int32Array.of(-1, -1, 0), ['a', 'a', 'b']), 1 / 3);
  t.is(clusterAccuracy([], []), 1);
  t.is(filledClusters(Int32Array.of(-1, 3, 3, 7)), 2);
});

test('adjusted Rand index: by its definition over pairs; symmetric', (t) => {
  const naive = (a: number[], b: number[]) => {
    const counts = { both: 0, a: 0, b: 0, all: 0 };
    for (let i = 0; i < a.length; i++) {
      for (let j = 0; j < i; j++) {
        counts.all++;
        if (a[i] === a[j]) counts.a++;
        if (b[i] === b[j]) counts.b++;
        if (a[i] === a[j] && b[i] === b[j]) counts.both++;
      }
    }
    const expected = (counts.a * counts.b) / (counts.all || 1);
    const most = (counts.a + counts.b) / 2;
    return most === expected ? 1 : (counts.both - expected) / (most - expected);
  };
  const label = fc.integer({ min: 0, max: 3 });
  const property = fc.property(fc.array(fc.tuple(label, label)), (items) => {
    const [a, b] = [items.map(([x]) => x), items.map(([, y]) => y)];
    return (
      Math.abs(adjustedRand(a, b) - naive(a, b)) < 1e-9 && Math.abs(adjustedRand(a, b) - adjustedRand(b, a)) < 1e-12
    );
  });
  t.notThrows(() => fc.assert(property, { seed: 4, numRuns: 300 }));
  // The example of scikit-learn's documentation of adjusted_rand_score.
  t.true(Math.abs(adjustedRand([0, 0, 1, 2], [0, 0, 1, 1]) - 0.5714285714285714) < 1e-12);
});
