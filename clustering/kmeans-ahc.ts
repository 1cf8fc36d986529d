import {
  chooseClusters,
  clusterRange,
  defineClustering,
  kmeansMerge,
  openSession,
  type Session,
  z,
} from '../src/index.js';

const options = z.strictObject({
  centers: z
    .number()
    .int()
    .positive()
    .default(50_000)
    .describe('clusters of k-means; fewer rows are merged without it'),
  clusters: clusterRange()
    .optional()
    .describe('clusters after merging, or a range {from, to, steps, by} to choose it from; or give threshold'),
  threshold: z.number().nonnegative().optional().describe('clusters merge up to this distance; or give clusters'),
  linkage: z
    .enum(['average', 'complete', 'single', 'ward'])
    .default('average')
    .describe('which distance of two clusters counts; average (by cosine) and ward are those of all their rows'),
  metric: z.enum(['cosine', 'l2']).default('cosine').describe('distances are 1 - cosine or Euclidean'),
  init: z.enum(['k-means++', 'k-means||']).default('k-means||').describe('first centres of k-means'),
  batch: z.number().int().positive().optional().describe('rows of a mini-batch of k-means'),
  iterations: z.number().int().positive().default(20).describe('the most iterations of k-means'),
  restarts: z.number().int().positive().default(1).describe('starts of k-means'),
});

export default defineClustering({
  name: 'kmeans-ahc',
  summary: 'k-means into many clusters, which are merged by agglomerative clustering weighted by their sizes.',
  options: options.refine(({ clusters, threshold }) => (clusters === undefined) !== (threshold === undefined), {
    message: 'needs either clusters or threshold',
  }),
  async cluster({ options, device, threads, ...given }) {
    const { clusters, threshold, ...rest } = options;
    const sessions: Session[] = [];
    const trees = (points: Float32Array, rows: number) => {
      // Its variables stay until it closes: one for each k-means.
      const session = openSession({ device, threads });
      sessions.push(session);
      return kmeansMerge(session, { ...given, ...rest, points, rows });
    };
    try {
      if (typeof clusters !== 'object') return await (await trees(given.points, given.rows))({ clusters, threshold });
      const clusterer = async (points: Float32Array, rows: number) => {
        const merge = await trees(points, rows);
        return (wanted: number) => merge({ clusters: wanted });
      };
      return await chooseClusters({ ...given, metric: rest.metric }, clusters, clusterer, given.log);
    } finally {
      for (const session of sessions) await session.close();
    }
  },
});
