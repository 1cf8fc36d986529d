import test from 'ava';
import kmeansPlugin from '../../../clustering/kmeans.js';
import kmeansAhcPlugin from '../../../clustering/kmeans-ahc.js';
import { bestOf, candidatesOf } from '../../../clustering/parts/choose-k.js';
import { exactSilhouette } from '../../../clustering/parts/silhouette.js';
import { nmi } from '../../../src/eval/clustering-metrics.js';
import { squaredDistance, toRows } from '../../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../../cluster/mixture.js';

const context = { seed: 3, device: 'cpu' as const, threads: 0 };

for (const by of ['silhouette', 'stability', 'gain'] as const) {
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
  t.is(bestOf('stability', [2, 4, 8], [1, 1, 0.7]), 1);
  t.is(bestOf('gain', [2, 4, 8], [0, 0, 0]), 1);
  t.is(bestOf('gain', [2, 4], [8, 1]), 1);
  t.is(bestOf('gain', [2, 4], [8, 7]), 0);
});
