import test, { type ExecutionContext } from 'ava';
import type { Clustering } from '../../../src/cluster/clustering.js';
import { type KMeansOptions, kmeans } from '../../../src/cluster/kmeans/kmeans.js';
import { withSession } from '../../helpers/session.js';
import { drawMixture, type Mixture } from '../mixture.js';

const run = (options: Partial<KMeansOptions> & Pick<KMeansOptions, 'points' | 'rows' | 'size' | 'clusters'>) =>
  withSession((session) => kmeans(session, { metric: 'l2', seed: 1, iterations: 100, restarts: 1, ...options }));

/** The first rows as centres. */
const firstRows = ({ points, size }: Mixture, clusters: number) => points.slice(0, clusters * size);

const closeTo = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance * Math.max(Math.abs(b), 1e-6);

/** Equal but for the order in which rows were added up. */
function sameClusters(t: ExecutionContext, found: Clustering, expected: Clustering): void {
  t.deepEqual(found.labels, expected.labels);
  t.is(found.iterations, expected.iterations);
  t.true(closeTo(found.inertia, expected.inertia, 1e-9));
}

for (const metric of ['l2', 'cosine'] as const) {
  test(`${metric}: bounds change nothing`, async (t) => {
    // Clouds that lie apart spare most comparisons, clouds that do not none.
    for (const [clusters, spread] of [
      [30, 0.3],
      [61, 1],
      [16, 3],
      [3, 0.5],
    ]) {
      const mixture = drawMixture(1500, 6, 40, spread, clusters);
      const options = { ...mixture, clusters, metric, init: mixture.points.slice(0, clusters * 6) };
      const plain = await run({ ...options, bounds: false });
      const bounded = await run({ ...options, bounds: true });
      t.true(plain.iterations > 3);
      sameClusters(t, bounded, plain);
    }
  });
}

test('bounds hold over mended clusters and several starts', async (t) => {
  const mixture = drawMixture(1200, 4, 20, 0.3, 15);
  const init = firstRows(mixture, 24);
  init.fill(1000, 20 * 4);
  const options = { ...mixture, clusters: 24, init };
  const mends: number[] = [];
  const onIteration = ({ mended }: { mended: number }) => void mends.push(mended);
  sameClusters(t, await run({ ...options, bounds: true, onIteration }), await run({ ...options, bounds: false }));
  t.true(Math.max(...mends) > 0);
  const drawn = { ...mixture, clusters: 24, restarts: 3 };
  sameClusters(t, await run({ ...drawn, bounds: true }), await run({ ...drawn, bounds: false }));
});
