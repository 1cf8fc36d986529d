import test from 'ava';
import { type AgglomerateOptions, agglomerate } from '../../clustering/ahc.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { createRng } from '../../src/random.js';
import { inertiaOf, toRows, unitRow } from '../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../cluster/mixture.js';
import { withSession } from '../helpers/session.js';
import { labelsOf, naiveAgglomerate } from './naive-agglomerate.js';

const run = (options: AgglomerateOptions) => withSession((session) => agglomerate(session, options));

for (const metric of ['cosine', 'l2'] as const) {
  for (const linkage of ['average', 'complete', 'single', 'ward'] as const) {
    test(`${linkage}, ${metric}: the clusters of the definition, at a number and at a threshold`, async (t) => {
      const { points, rows, size } = drawMixture(60, 4, 9, 0.4, 3);
      const plain = toRows(points, size).map((row) => (linkage === 'ward' && metric === 'cosine' ? unitRow(row) : row));
      const data = { points, rows, size, metric, linkage };
      for (const clusters of [1, 2, 7, 25, 60]) {
        const found = await run({ ...data, clusters });
        const parts = naiveAgglomerate(plain, linkage, metric === 'cosine', (count) => count === clusters);
        t.deepEqual([...found.labels], labelsOf(parts, rows));
        t.is(found.clusters, clusters);
        const units = toRows(points, size).map((row) => (metric === 'cosine' ? unitRow(row) : row));
        const inertia = inertiaOf(units, found.labels, toRows(found.centers, size));
        t.true(Math.abs(found.inertia - inertia) < 1e-4 * inertia + 1e-5);
      }
      for (const threshold of [0, 0.05, 0.4, 1.1, 100]) {
        const found = await run({ ...data, threshold });
        const parts = naiveAgglomerate(plain, linkage, metric === 'cosine', (_, height) => height > threshold);
        t.deepEqual([...found.labels], labelsOf(parts, rows), `threshold ${threshold}`);
        t.is(found.clusters, parts.length);
      }
    });
  }
}

test('finds a known mixture, larger than a block', async (t) => {
  const { truth, ...mixture } = drawMixture(3000, 16, 40, 0.2, 4);
  for (const linkage of ['average', 'complete', 'ward'] as const) {
    for (const metric of ['cosine', 'l2'] as const) {
      const { labels } = await run({ ...mixture, metric, linkage, clusters: 40 });
      t.true(nmi(labels, truth) > 0.99, `${linkage} ${metric}: ${nmi(labels, truth)}`);
    }
  }
});

test('equal rows stay together; one row, all rows equal', async (t) => {
  const rng = createRng(5);
  const different = Float32Array.from({ length: 12 }, () => rng.normal());
  const points = Float32Array.from({ length: 90 * 3 }, (_, i) => different[(Math.floor(i / 3) % 4) * 3 + (i % 3)]);
  const data = { points, rows: 90, size: 3, linkage: 'average', metric: 'cosine' } as const;
  const four = await run({ ...data, clusters: 50 });
  t.is(four.clusters, 4);
  t.deepEqual([...four.labels.slice(0, 9)], [0, 1, 2, 3, 0, 1, 2, 3, 0]);
  t.is((await run({ ...data, threshold: 0 })).clusters, 4);
  const one = await run({ ...data, points: points.slice(0, 3), rows: 1, clusters: 1 });
  t.deepEqual([one.clusters, ...one.labels], [1, 0]);
  const equal = await run({ ...data, points: new Float32Array(30).fill(2), rows: 10, linkage: 'ward', clusters: 3 });
  t.is(equal.clusters, 1);
});

test('bad input is refused with a UserError', async (t) => {
  const { points, rows, size } = drawMixture(20, 3, 4, 1, 13);
  const data = { points, rows, size, linkage: 'average', metric: 'cosine' } as const;
  const bad = points.slice();
  bad[7] = Number.NaN;
  const large = { points: new Float32Array(70_000).map((_, i) => i + 1), rows: 70_000, size: 1, clusters: 2 };
  const refusals: [Partial<AgglomerateOptions>, RegExp][] = [
    [{ clusters: 21 }, /only 20 rows/],
    [{}, /either clusters or threshold/],
    [{ clusters: 2, threshold: 1 }, /either clusters or threshold/],
    [{ points: bad, clusters: 2 }, /NaN/],
    [{ points: new Float32Array(60), clusters: 2 }, /only zeros/],
    [{ ...large, metric: 'l2' }, /9\.1 GiB.*kmeans-ahc/],
  ];
  for (const [wrong, message] of refusals) {
    await t.throwsAsync(run({ ...data, ...wrong }), { name: 'UserError', message });
  }
});
