import { defineClustering, type Exchange, kmeans, openSession, withExchange, z } from '../src/index.js';
import { chooseClusters, clusterRange } from './parts/choose-k.js';

const options = z.strictObject({
  clusters: clusterRange().describe('number of clusters, or a range {from, to, steps, by} to choose it from'),
  metric: z.enum(['cosine', 'l2']).default('cosine').describe('cosine clusters directions (spherical k-means)'),
  init: z
    .enum(['k-means++', 'k-means||'])
    .default('k-means++')
    .describe('first centres; k-means|| is faster for tens of thousands of clusters (Bahmani et al. 2012)'),
  batch: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('rows of a mini-batch (Sculley 2010); without it every iteration takes all rows'),
  iterations: z
    .number()
    .int()
    .positive()
    .default(100)
    .describe('the most iterations of one start, or passes over the rows in mini-batches'),
  restarts: z.number().int().positive().default(3).describe('starts, of which the one with the least inertia is kept'),
});

export default defineClustering({
  name: 'kmeans',
  summary:
    'k-means on the engine, spherical or Euclidean, whole or in mini-batches; can choose the number of clusters.',
  options,
  manyWorkers: true,
  async cluster({ options, device, threads, workers, ...data }) {
    const { clusters, metric } = options;
    const cluster = async (exchange?: Exchange) => {
      // A session for each run, because its variables stay until it closes.
      const run = async (points: Float32Array, rows: number, clusters: number, log?: typeof data.log) => {
        const session = openSession({ device, threads });
        try {
          return await kmeans(session, { ...data, ...options, points, rows, clusters, log, exchange });
        } finally {
          await session.close();
        }
      };
      if (typeof clusters === 'number') return run(data.points, data.rows, clusters, data.log);
      const clusterer = async (points: Float32Array, rows: number) => (wanted: number) => run(points, rows, wanted);
      return chooseClusters({ ...data, metric }, clusters, clusterer, data.log);
    };
    return workers ? withExchange(workers, threads, cluster) : cluster();
  },
});
