import test from 'ava';
import kmeansPlugin from '../../clustering/kmeans.js';
import mlKMeansPlugin from '../../clustering/ml-kmeans.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { inertiaOf, toRows, unitRow } from '../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../cluster/mixture.js';

for (const metric of ['cosine', 'l2'] as const) {
  test(`${metric}: both plugins find the same mixture`, async (t) => {
    const { truth, ...data } = drawMixture(400, 8, 5, 0.2, 1);
    const context = { ...data, seed: 3, device: 'cpu' as const, threads: 0, log: () => {} };
    const ours = await kmeansPlugin.cluster({
      ...context,
      options: kmeansPlugin.options.parse({ clusters: 5, metric }),
    });
    const options = mlKMeansPlugin.options.parse({ clusters: 5, metric });
    const theirs = await mlKMeansPlugin.cluster({ ...context, options });
    t.is(nmi(ours.labels, truth), 1);
    t.is(nmi(theirs.labels, truth), 1);
    t.true(Math.abs(ours.inertia - theirs.inertia) < 1e-4 * ours.inertia);
    const rows = toRows(data.points, 8).map((row) => (metric === 'cosine' ? unitRow(row) : row));
    const inertia = inertiaOf(rows, theirs.labels, toRows(theirs.centers, 8));
    t.true(Math.abs(theirs.inertia - inertia) < 1e-4 * inertia);
  });
}

test('ml-kmeans refuses what k-means on the engine refuses', async (t) => {
  const context = { rows: 4, size: 1, seed: 1, device: 'cpu' as const, threads: 0, log: () => {} };
  const cluster = (points: Float32Array, clusters: number) =>
    mlKMeansPlugin.cluster({ ...context, points, options: mlKMeansPlugin.options.parse({ clusters, metric: 'l2' }) });
  await t.throwsAsync(cluster(Float32Array.of(1, 2, 3, 4), 5), { name: 'UserError', message: /only 4 rows/ });
  await t.throwsAsync(cluster(Float32Array.of(1, 1, 1, 2), 3), { name: 'UserError', message: /only 2 of the 4 rows/ });
  await t.throwsAsync(cluster(Float32Array.of(1, 2, Number.NaN, 4), 2), { name: 'UserError', message: /NaN/ });
});
