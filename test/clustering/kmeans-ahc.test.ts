import test from 'ava';
import { type KMeansMergeOptions, kmeansMerge } from '../../clustering/kmeans-ahc.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { toRows } from '../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../cluster/mixture.js';
import { withSession } from '../helpers/session.js';
import { labelsOf, naiveAgglomerate } from './naive-agglomerate.js';

const defaults = { seed: 1, iterations: 50, restarts: 1 };
const merge = (
  options: Omit<KMeansMergeOptions, keyof typeof defaults>,
  cut: { clusters?: number; threshold?: number },
) => withSession(async (session) => (await kmeansMerge(session, { ...defaults, ...options }))(cut));

test('with a centre for each row it is agglomerative clustering', async (t) => {
  const { points, rows, size } = drawMixture(50, 4, 8, 0.4, 2);
  for (const linkage of ['average', 'complete', 'single'] as const) {
    const found = await merge({ points, rows, size, metric: 'cosine', linkage, centers: 50 }, { clusters: 6 });
    const parts = naiveAgglomerate(toRows(points, size), linkage, true, (count) => count === 6);
    t.is(nmi(found.labels, labelsOf(parts, rows)), 1);
  }
});

test('average linkage by cosine is the mean over all pairs of rows', async (t) => {
  const { points, rows, size } = drawMixture(240, 4, 30, 0.4, 5);
  await withSession(async (session) => {
    const options = { ...defaults, points, rows, size, metric: 'cosine', linkage: 'average', centers: 30 } as const;
    const cut = await kmeansMerge(session, options);
    const start = await cut({ clusters: 30 });
    const starts = Array.from({ length: 30 }, (_, cluster) =>
      [...start.labels.keys()].filter((i) => start.labels[i] === cluster),
    );
    const plain = toRows(points, size);
    const distance = (a: number[], b: number[]) =>
      1 - a.reduce((sum, x, j) => sum + x * b[j], 0) / (Math.hypot(...a) * Math.hypot(...b));
    const pairs = (a: number[], b: number[]) => a.flatMap((i) => b.map((j) => distance(plain[i], plain[j])));
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    let parts = starts;
    while (parts.length > 9) {
      const candidates = parts.flatMap((a, i) => parts.slice(i + 1).map((b) => ({ a, b, height: mean(pairs(a, b)) })));
      const { a, b } = candidates.reduce((best, pair) => (pair.height < best.height ? pair : best));
      parts = [...parts.filter((part) => part !== a && part !== b), [...a, ...b]];
    }
    const { labels, clusters } = await cut({ clusters: 9 });
    t.is(clusters, 9);
    t.is(nmi(labels, labelsOf(parts, rows)), 1);
  });
});

test('finds a known mixture through more centres than clusters, at a number and at a threshold', async (t) => {
  const { truth, ...mixture } = drawMixture(3000, 16, 30, 0.25, 6);
  for (const linkage of ['average', 'ward'] as const) {
    for (const metric of ['cosine', 'l2'] as const) {
      const found = await merge({ ...mixture, metric, linkage, centers: 150 }, { clusters: 30 });
      t.true(nmi(found.labels, truth) > 0.99, `${linkage} ${metric} ${nmi(found.labels, truth)}`);
      t.deepEqual([found.clusters, found.centers.length], [30, 30 * 16]);
    }
  }
  const cut = await merge({ ...mixture, metric: 'cosine', linkage: 'average', centers: 150 }, { threshold: 0.5 });
  t.true(cut.clusters > 25 && nmi(cut.labels, truth) > 0.97, `${cut.clusters}`);
});

test('duplicated rows, all rows equal, one row, NaN', async (t) => {
  const { points, rows, size } = drawMixture(40, 4, 5, 0.1, 8);
  const twice = Float32Array.of(...points, ...points);
  const data = { size, metric: 'cosine', linkage: 'average' } as const;
  for (const centers of [30, 40, 50_000]) {
    const found = await merge({ ...data, points: twice, rows: 80, centers }, { clusters: 5 });
    t.deepEqual(found.labels.slice(0, rows), found.labels.slice(rows));
    t.is(found.clusters, 5);
  }
  const equal = { ...data, points: new Float32Array(40).fill(0.5), rows: 10, centers: 5 };
  t.is((await merge(equal, { clusters: 1 })).clusters, 1);
  t.is((await merge(equal, { threshold: 0.1 })).clusters, 1);
  await t.throwsAsync(merge(equal, { clusters: 2 }), { name: 'UserError', message: /only 1 to merge. Ask for fewer/ });
  t.deepEqual([...(await merge({ ...equal, points: points.slice(0, 4), rows: 1 }, { clusters: 1 })).labels], [0]);
  const bad = points.map((value, i) => (i === 9 ? Number.NaN : value));
  await t.throwsAsync(merge({ ...data, points: bad, rows, centers: 9 }, { clusters: 2 }), { message: /NaN/ });
});

test('one tree serves several cuts; fewer rows than centres; too few centres', async (t) => {
  const mixture = drawMixture(40, 4, 5, 0.1, 7);
  await withSession(async (session) => {
    const cut = await kmeansMerge(session, { ...defaults, ...mixture, metric: 'l2', linkage: 'ward', centers: 100 });
    for (const clusters of [2, 5, 3]) {
      const alone = await merge({ ...mixture, metric: 'l2', linkage: 'ward', centers: 100 }, { clusters });
      t.deepEqual((await cut({ clusters })).labels, alone.labels);
    }
  });
  const few = merge({ ...mixture, metric: 'l2', linkage: 'ward', centers: 4 }, { clusters: 5 });
  await t.throwsAsync(few, { name: 'UserError', message: /only 4 to merge. Raise centers/ });
});
