import test from 'ava';
import fc from 'fast-check';
import { type CropPlan, checkPlan, cropLengths, cropStarts, tile, tilingNote } from '../../../src/data/crops/crops.js';
import { UserError } from '../../../src/errors.js';
import { createRng } from '../../../src/random.js';

const plan = (globals: number, globalSamples: number, locals = 0, localSamples = 0, disjoint = false): CropPlan => ({
  count: { global: globals, local: locals },
  samples: { global: globalSamples, local: localSamples },
  disjoint,
});

const anyPlan = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: 0, max: 6 }),
    fc.integer({ min: 1, max: 30 }),
    fc.boolean(),
  )
  .map(([g, gs, l, ls, disjoint]) => plan(g, gs, l, ls, disjoint));

const overlaps = (starts: number[], lengths: number[]): boolean =>
  starts.some((a, i) => starts.some((b, j) => i < j && a < b + lengths[j] && b < a + lengths[i]));

const total = (lengths: number[]): number => lengths.reduce((sum, n) => sum + n, 0);

/** Chi-square of counts against equal ones, in standard deviations from its mean. */
function chiSquareZ(counts: number[]): number {
  const expected = total(counts) / counts.length;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

test('every crop lies inside the utterance, or starts at 0 when that is shorter', (t) => {
  fc.assert(
    fc.property(anyPlan, fc.integer({ min: 1, max: 300 }), fc.integer(), (p, samples, seed) => {
      const lengths = cropLengths(p);
      const starts = cropStarts(samples, p, createRng(seed));
      return (
        starts.length === lengths.length &&
        starts.every(
          (start, i) => start >= 0 && start + Math.min(lengths[i], samples) <= samples && Number.isInteger(start),
        )
      );
    }),
  );
  t.pass();
});

test('disjoint crops do not overlap where the length allows it', (t) => {
  fc.assert(
    fc.property(anyPlan, fc.integer({ min: 1, max: 400 }), fc.integer(), (p, samples, seed) => {
      const lengths = cropLengths(p);
      const starts = cropStarts(samples, { ...p, disjoint: true }, createRng(seed));
      if (total(lengths) <= samples) return !overlaps(starts, lengths);
      const kinds = [
        [0, p.count.global],
        [p.count.global, lengths.length],
      ];
      return kinds.every(([from, to]) => {
        const kind = lengths.slice(from, to);
        return total(kind) > samples || !overlaps(starts.slice(from, to), kind);
      });
    }),
  );
  t.true(overlaps([0, 5], [10, 10]));
});

test('starts cover all places evenly, each crop by itself', (t) => {
  const places = 41;
  const rng = createRng(5).fork('coverage');
  const counts = Array.from({ length: 3 }, () => new Array<number>(places).fill(0));
  const pairs = new Array<number>(places * places).fill(0);
  for (let i = 0; i < 40000; i++) {
    const starts = cropStarts(140, plan(2, 100, 1, 100), rng);
    for (const [crop, start] of starts.entries()) counts[crop][start]++;
    pairs[starts[0] * places + starts[1]]++;
  }
  for (const crop of counts) t.true(Math.abs(chiSquareZ(crop)) < 3, `${chiSquareZ(crop)}`);
  t.true(Math.abs(chiSquareZ(pairs)) < 3, 'two crops of an utterance are independent');
});

test('disjoint crops reach both ends and come in either order', (t) => {
  const rng = createRng(6);
  const seen = new Set<number>();
  let firstLeads = 0;
  for (let i = 0; i < 4000; i++) {
    const [a, b] = cropStarts(25, plan(2, 10, 0, 0, true), rng);
    seen.add(a);
    if (a < b) firstLeads++;
  }
  t.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15],
  );
  t.true(Math.abs(firstLeads - 2000) < 100, `${firstLeads}`);
});

test('the same generator gives the same starts', (t) => {
  const draw = (seed: number) => cropStarts(100000, plan(2, 24000, 4, 16000), createRng(seed).fork(3));
  t.deepEqual(draw(1), draw(1));
  t.notDeepEqual(draw(1), draw(2));
});

test('a short utterance is repeated from its beginning', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 200 }), (filled, length) => {
      const row = new Int16Array(length).fill(-1);
      for (let i = 0; i < Math.min(filled, length); i++) row[i] = i + 100;
      tile(row, filled);
      return row.every((value, i) => value === (i % filled) + 100);
    }),
  );
  t.pass();
});

test('a plan without sense is refused', (t) => {
  const bad = [plan(0, 100), plan(1, 0), plan(1, 1.5), plan(1, 100, 2, 0), plan(1, 100, -1, 10), plan(Number.NaN, 100)];
  for (const p of bad) t.throws(() => checkPlan(p), { instanceOf: UserError });
  t.notThrows(() => checkPlan(plan(2, 100)));
});

test('a line says when every utterance is shorter than a crop', (t) => {
  const plan = { count: { global: 2, local: 1 }, samples: { global: 300, local: 200 } };
  t.is(tilingNote(Int32Array.of(100, 300), plan), undefined);
  t.regex(tilingNote(Int32Array.of(100, 299), plan)!, /the longest has 299 of 300 samples/);
  // Local crops that are not cut do not count.
  t.is(
    tilingNote(Int32Array.of(100, 300), { count: { global: 1, local: 0 }, samples: { global: 300, local: 900 } }),
    undefined,
  );
});
