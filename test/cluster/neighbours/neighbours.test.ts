import test, { type ExecutionContext } from 'ava';
import { exactNeighbours } from '../../../src/cluster/neighbours/exact.js';
import { hnswNeighbours } from '../../../src/cluster/neighbours/hnsw.js';
import { loadHnswlib } from '../../../src/cluster/neighbours/hnswlib.js';
import { libraryFor, type Neighbours, neighbours, type Search } from '../../../src/cluster/neighbours/neighbours.js';
import { preparePoints } from '../../../src/cluster/points.js';
import { createRng } from '../../../src/random.js';
import { withSession } from '../../helpers/session.js';
import { toRows } from '../kmeans/naive-kmeans.js';
import { drawMixture } from '../mixture.js';
import { naiveNeighbours } from './naive-neighbours.js';

const library = await loadHnswlib();
/** Where hnswlib-node could not be compiled there is nothing to test. */
const hnswTest = 'failure' in library ? test.skip : test;

type Drawn = ReturnType<typeof drawMixture>;
const prepared = ({ points, rows, size }: Drawn) => preparePoints(points, rows, size, 'cosine');
const exact = (drawn: Drawn, count: number) =>
  withSession((session) => exactNeighbours(session, prepared(drawn), { count }));
const hnsw = (drawn: Drawn, count: number, seed = 1) => {
  if ('failure' in library) throw new Error(library.failure);
  return hnswNeighbours(library, prepared(drawn), { count, seed });
};

/** The neighbours of the given rows are as similar as the true ones, in the same order but for equals, and say so. */
function isNearest(t: ExecutionContext, found: Neighbours, { points, size }: Drawn, every = 1) {
  const all = toRows(points, size);
  const cosine = (a: number[], b: number[]) =>
    a.reduce((sum, x, j) => sum + x * b[j], 0) / (Math.hypot(...a) * Math.hypot(...b));
  for (let row = 0; row < found.rows; row += every) {
    const best = all
      .map((other, i) => (i === row ? Number.NEGATIVE_INFINITY : cosine(all[row], other)))
      .sort((a, b) => b - a);
    const own = found.indices.subarray(row * found.count, (row + 1) * found.count);
    t.is(new Set(own).add(row).size, found.count + 1);
    own.forEach((other, i) => {
      t.true(Math.abs(cosine(all[row], all[other]) - best[i]) < 2e-6);
      t.true(Math.abs(found.similarities[row * found.count + i] - best[i]) < 2e-6);
    });
  }
}

for (const { rows, size, count } of [
  { rows: 300, size: 6, count: 10 },
  // Searched in groups; in several blocks of rows; the last block of columns in groups and not.
  { rows: 1280, size: 5, count: 4 },
  { rows: 1281, size: 5, count: 4 },
  { rows: 640, size: 7, count: 1 },
]) {
  test(`exact: the ${count} nearest of ${rows} rows, as all pairs compared`, async (t) => {
    const drawn = drawMixture(rows, size, 9, 0.7, rows);
    const found = await exact(drawn, count);
    const expected = naiveNeighbours(toRows(drawn.points, size), count);
    t.deepEqual(
      [...found.indices],
      expected.flat().map(({ row }) => row),
    );
    expected.flat().forEach(({ similarity }, i) => void t.true(Math.abs(found.similarities[i] - similarity) < 1e-6));
  });
}

test('exact: over several blocks of columns', async (t) => {
  const drawn = drawMixture(33_000, 3, 40, 0.5, 2);
  isNearest(t, await exact(drawn, 3), drawn, 3301);
});

test('exact: rows that are there more often than neighbours are wanted', async (t) => {
  const different = drawMixture(7, 4, 7, 1, 3);
  const points = Float32Array.from({ length: 7 * 30 * 4 }, (_, i) => different.points[i % 28]);
  const found = await exact({ ...different, points, rows: 210 }, 5);
  found.indices.forEach((other, at) => {
    const row = Math.floor(at / 5);
    t.true(other !== row && other % 7 === row % 7);
    t.true(found.similarities[at] > 1 - 1e-6);
  });
});

test('fewer other rows than neighbours, and one row alone', async (t) => {
  const few = drawMixture(4, 3, 4, 1, 4);
  for (const search of ['exact', ...('failure' in library ? [] : ['hnsw'])] as Search[]) {
    const of = (drawn: Drawn) =>
      withSession((session) => neighbours(session, prepared(drawn), { count: 10, search, seed: 1 }));
    const found = await of(few);
    t.is(found.count, 3);
    isNearest(t, found, few);
    const alone = await of({ ...few, points: few.points.slice(0, 3), rows: 1 });
    t.deepEqual([alone.rows, alone.count, alone.indices.length], [1, 0, 0]);
  }
});

hnswTest('HNSW: recall, the same seed the same bytes, another seed another graph', async (t) => {
  const drawn = drawMixture(3000, 24, 60, 0.7, 5);
  const found = await hnsw(drawn, 10);
  const truth = await exact(drawn, 10);
  const hits = found.indices.filter((other, at) => {
    const start = at - (at % 10);
    return truth.indices.subarray(start, start + 10).includes(other);
  });
  t.true(hits.length / found.indices.length >= 0.95, `recall ${hits.length / found.indices.length}`);
  found.indices.forEach((other, at) => void t.true(other !== Math.floor(at / 10)));
  t.deepEqual(await hnsw(drawn, 10), found);
  t.false(found.exact);
  // In a search that misses much, the graphs differ.
  const hasty = async (seed: number) => {
    if ('failure' in library) throw new Error(library.failure);
    const options = { count: 10, seed, links: 2, efConstruction: 2, efSearch: 11 };
    return (await hnswNeighbours(library, prepared(drawn), options)).indices;
  };
  t.deepEqual(await hasty(1), await hasty(1));
  t.notDeepEqual(await hasty(1), await hasty(2));
});

hnswTest('HNSW: equal rows find each other', async (t) => {
  const points = new Float32Array(600).map((_, i) => (i % 3) + 1);
  const found = await hnsw({ points, rows: 200, size: 3, truth: new Int32Array(200) }, 4);
  t.true(found.similarities.every((similarity) => Math.abs(similarity - 1) < 1e-6));
  found.indices.forEach((other, at) => void t.true(other >= 0 && other !== Math.floor(at / 4)));
});

test('which search: exact for few rows, and where hnswlib-node does not load, with one line that says so', async (t) => {
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const missing = () => loadHnswlib('no-such-package');
  t.is(await libraryFor(50_000, { search: 'auto', log }, missing), undefined);
  t.is(await libraryFor(1_000_000, { search: 'exact', log }, missing), undefined);
  t.deepEqual(lines, []);
  t.is(await libraryFor(50_001, { search: 'auto', log }, missing), undefined);
  t.is(lines.length, 1);
  t.regex(lines[0], /does not load \(.*no-such-package.*\): the neighbours of 50001 rows are searched exactly/);
  const asked = libraryFor(10, { search: 'hnsw', log }, missing);
  await t.throwsAsync(asked, { name: 'UserError', message: /'hnsw' was asked for.*npm rebuild hnswlib-node/ });
  const present = { HierarchicalNSW: class {} as never };
  t.is(await libraryFor(50_001, { search: 'auto' }, async () => present), present);
  t.is(await libraryFor(10, { search: 'hnsw' }, async () => present), present);
});

test('stops when asked to', async (t) => {
  const drawn = prepared(drawMixture(2000, 4, 20, 1, 14));
  const signal = AbortSignal.abort(new Error('stop'));
  const searches: Search[] = 'failure' in library ? ['exact'] : ['exact', 'hnsw'];
  for (const search of searches) {
    const running = withSession((session) => neighbours(session, drawn, { count: 3, search, seed: 1, signal }));
    await t.throwsAsync(running, { message: 'stop' });
  }
});

test('rows of NaN and of zeros are refused', (t) => {
  const rng = createRng(1);
  for (const [value, message] of [
    [Number.NaN, /NaN.* row 2/],
    [0, /only zeros.* row 2/],
  ] as const) {
    const points = Float32Array.from({ length: 12 }, (_, i) => (i >= 6 && i < 9 ? value : rng.normal()));
    t.throws(() => preparePoints(points, 4, 3, 'cosine'), { name: 'UserError', message });
  }
});
