import test from 'ava';
import { mergeSorted, sortFloats } from '../../../src/eval/detection/radix-sort.js';
import { createRng } from '../../../src/random.js';

const COUNT = 20_000;
const rng = createRng('radix');
const draws: Record<string, () => number> = {
  'normal scores': () => rng.normal(),
  'a coarse grid': () => rng.int(9) - 4,
  'doubles that differ in their last bits': () => 0.5 + rng.int(1000) * 2 ** -52,
  'few clusters of near doubles': () => rng.int(3) + rng.next() * 1e-12,
  'all magnitudes': () => (rng.next() - 0.5) * 10 ** (rng.int(80) - 40),
  'infinities and zeros of both signs': () =>
    [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-320, -1][rng.int(6)],
  'one value': () => -0.25,
};

for (const [name, draw] of Object.entries(draws)) {
  test(`${name} are sorted as by a typed array's own sort, in either precision`, (t) => {
    for (const make of [Float32Array, Float64Array]) {
      // A view that does not begin where its buffer does.
      const scores = new make(COUNT + 3).subarray(3).map(draw);
      const expected = scores.slice().sort();
      sortFloats(scores);
      t.deepEqual(scores, expected);
      sortFloats(scores);
      t.deepEqual(scores, expected);
    }
  });
}

test('sorted lists are merged', (t) => {
  const a = Float64Array.from({ length: 500 }, () => rng.int(40)).sort();
  const b = Float64Array.from({ length: 300 }, () => rng.int(60)).sort();
  t.deepEqual(mergeSorted(a, b), Float64Array.of(...a, ...b).sort());
  t.deepEqual(mergeSorted(new Float64Array(0), b), b);
  t.deepEqual(mergeSorted(a, new Float64Array(0)), a);
});
