import test from 'ava';
import { type KMeansOptions, kmeans } from '../../../src/cluster/kmeans/kmeans.js';
import { nmi } from '../../../src/eval/clustering-metrics.js';
import { withSession } from '../../helpers/session.js';
import { drawMixture, type Mixture } from '../mixture.js';

const run = (options: Partial<KMeansOptions> & Pick<KMeansOptions, 'points' | 'rows' | 'size' | 'clusters'>) =>
  withSession((session) => kmeans(session, { metric: 'l2', seed: 1, iterations: 100, restarts: 1, ...options }));

/** The first rows as centres. */
const firstRows = ({ points, size }: Mixture, clusters: number) => points.slice(0, clusters * size);

for (const metric of ['l2', 'cosine'] as const) {
  test(`${metric}: k-means|| finds a known mixture, and the same one again`, async (t) => {
    const mixture = drawMixture(2500, 16, 40, 0.25, 16);
    const options = { ...mixture, clusters: 40, metric, init: 'k-means||', restarts: 3 } as const;
    const found = await run(options);
    t.true(nmi(found.labels, mixture.truth) >= 0.99);
    t.deepEqual(await run(options), found);
    // Its first centres alone are far better than rows drawn at random.
    const seeded = await run({ ...options, restarts: 1, iterations: 0 });
    const random = await run({ ...options, iterations: 0, init: mixture.points.slice(800 * 16, 840 * 16) });
    const drawn = await run({ ...options, iterations: 0, restarts: 1, init: 'k-means++' });
    t.true(random.inertia > found.inertia && seeded.inertia < 2 * drawn.inertia);
  });

  test(`${metric}: mini-batches find a known mixture; the same seed gives the same bytes`, async (t) => {
    const mixture = drawMixture(2500, 16, 20, 0.25, 17);
    const options = { ...mixture, clusters: 20, metric, batch: 200, restarts: 2 };
    const found = await run(options);
    t.true(nmi(found.labels, mixture.truth) >= 0.99, `${nmi(found.labels, mixture.truth)}`);
    t.deepEqual(await run(options), found);
    const whole = await run({ ...mixture, clusters: 20, metric, restarts: 2 });
    t.true(found.inertia < 1.01 * whole.inertia);
  });
}

test('k-means|| with few or equal rows', async (t) => {
  const mixture = drawMixture(30, 3, 4, 0.1, 18);
  t.is(new Set((await run({ ...mixture, clusters: 30, init: 'k-means||' })).labels).size, 30);
  const equal = { points: new Float32Array(400).fill(0.1), rows: 200, size: 2, init: 'k-means||' } as const;
  t.is((await run({ ...equal, clusters: 1 })).inertia, 0);
  await t.throwsAsync(run({ ...equal, clusters: 2 }), { name: 'UserError', message: /are all equal/ });
});

test('mini-batches: idle clusters are put elsewhere, equal rows refused, batches larger than the rows allowed', async (t) => {
  const mixture = drawMixture(400, 3, 4, 0.1, 19);
  const init = firstRows(mixture, 4);
  init.fill(1000, 3);
  const mends: number[] = [];
  const onIteration = ({ mended }: { mended: number }) => void mends.push(mended);
  const found = await run({ ...mixture, clusters: 4, init, batch: 50, onIteration });
  t.is(mends[0], 3);
  t.is(new Set(found.labels).size, 4);
  const equal = { points: new Float32Array(400).fill(0.1), rows: 200, size: 2, batch: 1000 };
  t.is((await run({ ...equal, clusters: 1 })).inertia, 0);
  await t.throwsAsync(run({ ...equal, clusters: 2 }), { name: 'UserError', message: /are all equal/ });
  await t.throwsAsync(run({ ...mixture, clusters: 4, batch: 0 }), {
    name: 'UserError',
    message: /mini-batch of 0 rows/,
  });
});
