import test from 'ava';
import fc from 'fast-check';
import { kmeans as mlKMeans } from 'ml-kmeans';
import { type KMeansOptions, kmeans } from '../../../src/cluster/kmeans/kmeans.js';
import { nmi } from '../../../src/eval/clustering-metrics.js';
import { createRng } from '../../../src/random.js';
import { withSession } from '../../helpers/session.js';
import { drawMixture, type Mixture } from '../mixture.js';
import { inertiaOf, naiveKMeans, nearestCenter, toRows, unitRow } from './naive-kmeans.js';

const run = (options: Partial<KMeansOptions> & Pick<KMeansOptions, 'points' | 'rows' | 'size' | 'clusters'>) =>
  withSession((session) => kmeans(session, { metric: 'l2', seed: 1, iterations: 100, restarts: 1, ...options }));

const closeTo = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), 1e-6);

/** The first rows as centres. */
const firstRows = ({ points, size }: Mixture, clusters: number) => points.slice(0, clusters * size);

test('l2: labels, centres, inertia and iterations of plain Lloyd and of ml-kmeans from the same centres', async (t) => {
  const mixture = drawMixture(600, 5, 8, 0.6, 1);
  const init = firstRows(mixture, 8);
  const found = await run({ ...mixture, clusters: 8, init });
  const rows = toRows(mixture.points, 5);
  const expected = naiveKMeans(rows, toRows(init, 5), 100);
  t.deepEqual([...found.labels], expected.labels);
  t.is(found.iterations, expected.iterations);
  t.true(closeTo(found.inertia, expected.inertia, 1e-6));
  expected.centers.flat().forEach((value, i) => void t.true(Math.abs(found.centers[i] - value) < 1e-5));

  const peer = mlKMeans(rows, 8, { initialization: toRows(init, 5), tolerance: 0 });
  t.deepEqual([...found.labels], peer.clusters);
  t.true(closeTo(found.inertia, inertiaOf(rows, peer.clusters, peer.centroids), 1e-6));
});

test('cosine: plain spherical k-means over unit rows, whatever the lengths', async (t) => {
  const mixture = drawMixture(500, 6, 7, 0.5, 2);
  const init = firstRows(mixture, 7);
  const found = await run({ ...mixture, clusters: 7, init, metric: 'cosine' });
  const rows = toRows(mixture.points, 6).map(unitRow);
  const expected = naiveKMeans(rows, toRows(init, 6).map(unitRow), 100, true);
  t.deepEqual([...found.labels], expected.labels);
  t.true(closeTo(found.inertia, expected.inertia, 1e-6));
  for (const center of toRows(found.centers, 6)) t.true(closeTo(Math.hypot(...center), 1, 1e-6));
});

for (const iterations of [0, 1, 3]) {
  test(`stopped after ${iterations} iterations: labels of the nearest centres, as plain Lloyd`, async (t) => {
    const mixture = drawMixture(400, 4, 6, 1, 3);
    const init = firstRows(mixture, 6);
    const found = await run({ ...mixture, clusters: 6, init, iterations });
    const expected = naiveKMeans(toRows(mixture.points, 4), toRows(init, 4), iterations);
    t.deepEqual([...found.labels], expected.labels);
    t.is(found.iterations, iterations);
    t.true(closeTo(found.inertia, expected.inertia, 1e-6));
  });
}

for (const { rows, clusters } of [
  { rows: 8191, clusters: 3 },
  { rows: 8193, clusters: 3 },
  { rows: 20_001, clusters: 5 },
  // Enough centres for the two-step search, in numbers that fill no whole group.
  { rows: 7000, clusters: 256 },
  { rows: 4099, clusters: 607 },
]) {
  test(`blocks: ${rows} rows go to the nearest of ${clusters} centres`, async (t) => {
    const { points } = drawMixture(rows, 3, 50, 1, 4);
    const init = drawMixture(clusters, 3, 50, 1, 5).points;
    const { labels } = await run({ points, rows, size: 3, clusters, init, iterations: 0 });
    const [vectors, centers] = [toRows(points, 3), toRows(init, 3)];
    const wrong = vectors.filter((row, i) => labels[i] !== nearestCenter(row, centers));
    // Two centres may be equally far within float32.
    t.true(wrong.length <= rows / 5000, `${wrong.length} wrong`);
  });
}

for (const metric of ['l2', 'cosine'] as const) {
  test(`${metric}: finds a known mixture`, async (t) => {
    for (const seed of [1, 2, 3]) {
      const mixture = drawMixture(2000, 16, 40, 0.25, seed);
      const { labels } = await run({ ...mixture, clusters: 40, metric, seed, restarts: 3 });
      t.true(nmi(labels, mixture.truth) >= 0.99, `NMI ${nmi(labels, mixture.truth)}`);
    }
  });

  test(`${metric}: the inertia never rises, and is that of the labels and centres returned`, async (t) => {
    const mixture = drawMixture(3000, 8, 30, 1.5, 6);
    const inertias: number[] = [];
    const onIteration = ({ inertia }: { inertia: number }) => void inertias.push(inertia);
    const found = await run({ ...mixture, clusters: 25, metric, onIteration });
    t.true(inertias.length > 3);
    t.true(inertias.every((inertia, i) => i === 0 || inertia <= inertias[i - 1] * (1 + 1e-7)));
    t.true(found.inertia <= inertias[inertias.length - 1] * (1 + 1e-7));
    const rows = toRows(mixture.points, 8).map((row) => (metric === 'cosine' ? unitRow(row) : row));
    t.true(closeTo(found.inertia, inertiaOf(rows, found.labels, toRows(found.centers, 8)), 1e-5));
  });
}

test('order and scale: permuted points have permuted labels; cosine is blind to the lengths of rows', async (t) => {
  const property = fc.asyncProperty(fc.nat(1000), async (seed) => {
    const mixture = drawMixture(300, 4, 5, 0.4, seed);
    const init = firstRows(mixture, 5);
    const rng = createRng(seed);
    const order = rng.shuffle(new Int32Array(300).map((_, i) => i));
    const scales = Float32Array.from(order, () => rng.uniform(0.01, 100));
    const points = mixture.points.map((_, i) => {
      const row = order[Math.floor(i / 4)];
      return mixture.points[row * 4 + (i % 4)] * scales[row];
    });
    const before = await run({ ...mixture, clusters: 5, init, metric: 'cosine' });
    const after = await run({ ...mixture, points, clusters: 5, init, metric: 'cosine' });
    return after.labels.every((label, i) => label === before.labels[order[i]]);
  });
  await t.notThrowsAsync(fc.assert(property, { seed: 1, numRuns: 10 }));
});

test('the same seed gives the same bytes, another seed other first centres, more restarts nothing worse', async (t) => {
  const options = { ...drawMixture(1500, 6, 30, 1, 7), clusters: 30, restarts: 2 };
  const found = await run(options);
  t.deepEqual(await run(options), found);
  t.notDeepEqual((await run({ ...options, seed: 2 })).centers, found.centers);
  t.true((await run({ ...options, restarts: 4 })).inertia <= found.inertia);
});

test('l2: points far from the origin are clustered as near it', async (t) => {
  const mixture = drawMixture(1000, 8, 10, 0.3, 8);
  const far = mixture.points.map((value) => value + 5000);
  const { labels, centers } = await run({ ...mixture, points: far, clusters: 10, restarts: 3 });
  t.true(nmi(labels, mixture.truth) >= 0.99);
  t.true(centers.every((value) => Math.abs(value - 5000) < 6));
});

test('as many clusters as points, one cluster, and more first centres than the sample of a large set', async (t) => {
  const mixture = drawMixture(60, 4, 60, 1, 9);
  const each = await run({ ...mixture, clusters: 60 });
  t.is(new Set(each.labels).size, 60);
  t.true(each.inertia < 1e-6);
  const one = await run({ ...mixture, clusters: 1 });
  t.true(one.labels.every((label) => label === 0));
  const all = naiveKMeans(toRows(mixture.points, 4), [toRows(mixture.points, 4)[0]], 10);
  t.true(closeTo(one.inertia, all.inertia, 1e-6));
  const large = drawMixture(40_000, 2, 100, 0.01, 10);
  t.true(nmi((await run({ ...large, clusters: 100 })).labels, large.truth) > 0.98);
});

test('empty clusters are given points', async (t) => {
  const mixture = drawMixture(200, 3, 4, 0.1, 11);
  const init = firstRows(mixture, 4);
  init.fill(1000, 3);
  const found = await run({ ...mixture, clusters: 4, init });
  t.is(new Set(found.labels).size, 4);
  t.true(nmi(found.labels, mixture.truth) > 0.99);
});

test('duplicates: every different row finds its own cluster, and one cluster too many is refused', async (t) => {
  const rng = createRng(12);
  const different = Float32Array.from({ length: 5 * 3 }, () => rng.normal());
  const points = Float32Array.from({ length: 90 * 3 }, (_, i) => different[(Math.floor(i / 3) % 5) * 3 + (i % 3)]);
  for (const metric of ['l2', 'cosine'] as const) {
    const found = await run({ points, rows: 90, size: 3, clusters: 5, metric });
    t.is(
      nmi(
        found.labels,
        new Int32Array(90).map((_, i) => i % 5),
      ),
      1,
    );
    const more = run({ points, rows: 90, size: 3, clusters: 6, metric });
    await t.throwsAsync(more, { name: 'UserError', message: /only 5 different .* Ask for at most 5/ });
  }
  const equal = new Float32Array(20).fill(0.1);
  t.is((await run({ points: equal, rows: 10, size: 2, clusters: 1 })).inertia, 0);
  const two = run({ points: equal, rows: 10, size: 2, clusters: 2 });
  await t.throwsAsync(two, { name: 'UserError', message: /are all equal/ });
});

test('opposite vectors, whose mean has no direction', async (t) => {
  const points = Float32Array.of(1, 0, -1, 0, 0, 1, 0, -1);
  const { inertia, centers } = await run({ points, rows: 4, size: 2, clusters: 1, metric: 'cosine' });
  t.true(closeTo(inertia, 8, 1e-6));
  t.true(closeTo(Math.hypot(...centers), 1, 1e-6));
});

test("bad input is the user's to mend", async (t) => {
  const { points, rows, size } = drawMixture(20, 3, 4, 1, 13);
  const options = { points, rows, size, clusters: 4 };
  const changed = (at: number, value: number) => points.map((old, i) => (Math.floor(i / 3) === at ? value : old));
  const refusals: [Partial<KMeansOptions>, RegExp][] = [
    [{ clusters: 21 }, /21 clusters were asked for, but there are only 20 rows/],
    [{ clusters: 0 }, /at least 1/],
    [{ clusters: 2.5 }, /whole number/],
    [{ points: changed(7, Number.NaN) }, /1 of 20 rows .*NaN.* row 7/],
    [{ points: changed(3, 0), metric: 'cosine' }, /only zeros.* row 3/],
    [{ init: new Float32Array(9) }, /first centres hold 9 numbers; 4 clusters of 3 numbers take 12/],
    [{ init: new Float32Array(12).fill(Number.NaN) }, /NaN/],
    [{ init: new Float32Array(12), metric: 'cosine' }, /First centre 0 holds only zeros/],
    [{ points: new Float32Array(0), rows: 0, clusters: 1 }, /only 0 rows/],
  ];
  for (const [wrong, message] of refusals) {
    await t.throwsAsync(run({ ...options, ...wrong }), { name: 'UserError', message });
  }
});

test('stops when asked to', async (t) => {
  const mixture = drawMixture(2000, 4, 20, 1, 14);
  const stop = new AbortController();
  const running = run({
    ...mixture,
    clusters: 20,
    signal: stop.signal,
    onIteration: () => stop.abort(new Error('stop')),
  });
  await t.throwsAsync(running, { message: 'stop' });
});
