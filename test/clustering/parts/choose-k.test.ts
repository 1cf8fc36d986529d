import test from 'ava';
import kmeansPlugin from '../../../clustering/kmeans.js';
import kmeansAhcPlugin from '../../../clustering/kmeans-ahc.js';
import { bestOf, candidatesOf } from '../../../clustering/parts/choose-k.js';
import { oneCloud } from '../../../clustering/parts/one-cloud.js';
import { exactSilhouette, isExactFor } from '../../../clustering/parts/silhouette.js';
import { preparePoints } from '../../../src/cluster/points.js';
import { nmi } from '../../../src/eval/clustering-metrics.js';
import { createRng } from '../../../src/random.js';
import { squaredDistance, toRows } from '../../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../../cluster/mixture.js';

const context = { seed: 3, device: 'cpu' as const, threads: 0 };

for (const by of ['silhouette', 'contrast', 'stability', 'gain'] as const) {
  test(`${by} finds the number of well-separated clusters`, async (t) => {
    for (const { places, seed, metric } of [
      { places: 3, seed: 1, metric: 'l2' },
      { places: 7, seed: 4, metric: 'cosine' },
    ] as const) {
      const { truth, ...mixture } = drawMixture(600, 12, places, 0.15, seed);
      const log: string[] = [];
      const options = kmeansPlugin.options.parse({ clusters: { from: 2, to: 9, by }, metric });
      const found = await kmeansPlugin.cluster({ ...context, ...mixture, options, log: (line) => log.push(line) });
      t.is(found.clusters, places, log.join('\n'));
      t.is(nmi(found.labels, truth), 1);
      t.is(log.filter((line) => line.includes('<- chosen')).length, 1);
    }
  });
}

test('kmeans-ahc chooses among the cuts of one tree', async (t) => {
  const { truth, ...mixture } = drawMixture(600, 12, 7, 0.15, 5);
  for (const by of ['silhouette', 'stability', 'gain'] as const) {
    const options = kmeansAhcPlugin.options.parse({ centers: 60, clusters: { from: 2, to: 14, steps: 13, by } });
    const log: string[] = [];
    const found = await kmeansAhcPlugin.cluster({ ...context, ...mixture, options, log: (line) => log.push(line) });
    t.is(found.clusters, 7, log.join('\n'));
    t.is(nmi(found.labels, truth), 1);
  }
});

test('contrast finds one cluster in one cloud, however long it is, where the silhouette finds several', async (t) => {
  const rng = createRng('one cloud');
  const [rows, size] = [300, 12];
  // The first axis has three times the spread of the others: halves of such a cloud have a good silhouette.
  const points = Float32Array.from({ length: rows * size }, (_, i) => (i % size === 0 ? 3 : 1) * rng.normal());
  const chosen = async (by: 'silhouette' | 'contrast') => {
    const options = kmeansPlugin.options.parse({ clusters: { from: 2, to: 60, steps: 6, by }, metric: 'l2' });
    return (await kmeansPlugin.cluster({ ...context, points, rows, size, options, log: () => {} })).clusters;
  };
  t.is(await chosen('contrast'), 1);
  t.true((await chosen('silhouette')) > 1);
});

test('a cloud has the mean and the covariance of the rows, and none of their clusters', (t) => {
  const { points, rows, size } = drawMixture(600, 4, 3, 0.1, 2);
  const cloud = oneCloud(preparePoints(points, rows, size, 'l2'), createRng('cloud'));
  // By l2 the mean is taken away.
  const centred = toRows(points, size).map((row) => row.map((value, j) => value - mean(points, size, j)));
  const [expected, found] = [covariance(centred), covariance(toRows(cloud, size))];
  const scale = Math.max(...expected.flat());
  expected.forEach((line, i) => {
    line.forEach((value, j) => {
      t.true(Math.abs(found[i][j] - value) < 0.15 * scale, `${i}, ${j}: ${found[i][j]} instead of ${value}`);
    });
  });
  // Fourth moments over squared variances: 3 of a Gaussian; far less of a few narrow clusters.
  const kurtosis = (row: number[][], j: number) =>
    row.reduce((sum, r) => sum + r[j] ** 4, 0) /
    row.length /
    (row.reduce((sum, r) => sum + r[j] ** 2, 0) / row.length) ** 2;
  for (let j = 0; j < size; j++) t.true(kurtosis(toRows(cloud, size), j) > 2.3);
});

const mean = (points: Float32Array, size: number, j: number) =>
  points.reduce((sum, value, i) => sum + (i % size === j ? value : 0), 0) / (points.length / size);

const covariance = (rows: ArrayLike<number>[]) =>
  Array.from(rows[0], (_, i) =>
    Array.from(rows[0], (_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0) / rows.length),
  );

test('the silhouettes of a range are all exact, or all simplified', (t) => {
  const sample = new Int32Array(2000);
  t.true(isExactFor(sample, 2000, 1000), 'all rows are in the sample');
  t.true(isExactFor(sample, 5000, 100));
  t.false(isExactFor(sample, 5000, 101));
});

test('the silhouette of its definition', (t) => {
  const { points, size } = drawMixture(40, 3, 4, 0.8, 6);
  const labels = Int32Array.from({ length: 40 }, (_, i) => (i === 39 ? 4 : i % 4));
  const rows = toRows(points, size);
  const distance = (i: number, j: number) => Math.sqrt(squaredDistance(rows[i], rows[j]));
  const meanTo = (i: number, cluster: number) => {
    const others = [...labels.keys()].filter((j) => labels[j] === cluster && j !== i);
    return others.reduce((sum, j) => sum + distance(i, j), 0) / others.length;
  };
  const widths = rows.map((_, i) => {
    if (labels[i] === 4) return 0;
    const a = meanTo(i, labels[i]);
    const b = Math.min(
      ...[0, 1, 2, 3, 4].filter((cluster) => cluster !== labels[i]).map((cluster) => meanTo(i, cluster)),
    );
    return (b - a) / Math.max(a, b);
  });
  const expected = widths.reduce((sum, width) => sum + width, 0) / 40;
  t.true(Math.abs(exactSilhouette(points, labels, 5) - expected) < 1e-9);
});

test('candidates are spaced by a factor; ranges that are none are refused', (t) => {
  t.deepEqual(candidatesOf({ from: 10, to: 160, steps: 5, by: 'gain' }, 200), [10, 20, 40, 80, 160]);
  t.deepEqual(candidatesOf({ from: 2, to: 4, steps: 9, by: 'gain' }, 200), [2, 3, 4]);
  t.deepEqual(candidatesOf({ from: 5, to: 5, steps: 3, by: 'gain' }, 200), [5]);
  t.throws(() => candidatesOf({ from: 5, to: 4, steps: 2, by: 'gain' }, 200), { name: 'UserError', message: /from 5/ });
  t.throws(() => candidatesOf({ from: 5, to: 40, steps: 2, by: 'gain' }, 20), {
    name: 'UserError',
    message: /rows, 20/,
  });
});

test('ties and flat curves', (t) => {
  t.is(bestOf('silhouette', [2, 4, 8], [0.5, 0.5, 0.1]), 0);
  t.is(bestOf('contrast', [2, 4, 8], [0.01, 0.06, 0.02]), 1);
  t.is(
    bestOf('contrast', [2, 4, 8, 16], [0.04, 0.06, 0.052, 0.045]),
    2,
    'the most clusters that stand out nearly as well',
  );
  t.is(bestOf('contrast', [2, 4, 8], [0.01, -0.06, 0.04]), -1);
  t.is(bestOf('stability', [2, 4, 8], [1, 1, 0.7]), 1);
  t.is(bestOf('gain', [2, 4, 8], [0, 0, 0]), 1);
  t.is(bestOf('gain', [2, 4], [8, 1]), 1);
  t.is(bestOf('gain', [2, 4], [8, 7]), 0);
});
