import test from 'ava';
import { type KMeansOptions, kmeans } from '../../../src/cluster/kmeans/kmeans.js';
import { withExchange } from '../../../src/engine/session/exchange.js';
import { withSession } from '../../helpers/session.js';
import { openGroups } from '../../helpers/workers/in-process.js';
import { drawMixture } from '../mixture.js';

const [ROWS, SIZE, CLUSTERS] = [9000, 6, 600];
const mixture = drawMixture(ROWS, SIZE, 50, 0.8, 4);
const groups = openGroups(3);

// With so many clusters the rows are three blocks for the assignment and two for k-means||: with three workers, one has none of those.
const cases: Record<string, Partial<KMeansOptions>> = {
  'plain, l2, from k-means++': { metric: 'l2', init: 'k-means++', bounds: false },
  'by bounds, cosine, from k-means||': { metric: 'cosine', init: 'k-means||', bounds: true },
  'mini-batches': { metric: 'cosine', init: 'k-means||', batch: 3000, iterations: 3 },
};

for (const [name, more] of Object.entries(cases)) {
  test.serial(`${name}: three workers find the clusters of one, bit for bit`, async (t) => {
    const options: KMeansOptions = {
      ...mixture,
      clusters: CLUSTERS,
      metric: 'l2',
      seed: 1,
      iterations: 8,
      restarts: 1,
      ...more,
    };
    const alone = await withSession((session) => kmeans(session, options));
    t.true(new Set(alone.labels).size > 0.9 * CLUSTERS);
    const together = await Promise.all(
      (await groups).map((group) =>
        withExchange(group, 0, (exchange) => withSession((session) => kmeans(session, { ...options, exchange }))),
      ),
    );
    for (const found of together) t.deepEqual(found, alone);
  });
}
