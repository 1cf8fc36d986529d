import {
  clusteringOfLabels,
  communityMethods,
  defineClustering,
  findCommunities,
  neighbourGraph,
  neighbours,
  neighbourThreshold,
  openSession,
  preparePoints,
  rejectNoise,
  searches,
  z,
} from '../src/index.js';

const share = z.number().min(0).max(1).default(0);

const options = z.strictObject({
  neighbours: z.number().int().positive().default(10).describe('neighbours that each row is joined to'),
  threshold: z
    .union([z.literal('auto'), z.number().min(-1).max(1)])
    .default('auto')
    .describe(
      "the least cosine of joined rows; 'auto' derives it from the neighbours' cosines and leaves 95 % of the rows joined",
    ),
  community: z.enum(communityMethods).default('infomap').describe('how clusters are found in the graph'),
  search: z.enum(searches).default('auto').describe('auto: exact up to 50,000 rows, HNSW beyond'),
  minSize: z.number().int().positive().default(3).describe('rows of smaller clusters are noise'),
  noise: z
    .strictObject({
      farthest: share.describe('share of the rows, the farthest from their centre, that is noise'),
      sparsest: share.describe('share of the rows, those with the least cosines to their neighbours, that is noise'),
    })
    .prefault({}),
});

/**
 * Clusters rows as the communities of their graph of nearest neighbours, whose number follows from the graph. The same seed gives the
 * same clusters; their centres are mean directions. Throws a UserError when every row is noise, and for search `hnsw` where
 * hnswlib-node does not load.
 */
export default defineClustering({
  name: 'hnsw-graph',
  summary:
    'Communities (Infomap or Chinese whispers) of the graph of nearest neighbours; finds the number of clusters itself.',
  options,
  async cluster({ points: values, rows, size, seed, options, device, threads, log, signal }) {
    const { community, search, minSize, noise: rule } = options;
    const session = openSession({ device, threads });
    try {
      const points = preparePoints(values, rows, size, 'cosine');
      const listed = await neighbours(session, points, { count: options.neighbours, search, seed, log, signal });
      const threshold = options.threshold === 'auto' ? neighbourThreshold(listed) : options.threshold;
      const graph = neighbourGraph(listed, threshold);
      signal?.throwIfAborted();
      const { labels, rounds } = findCommunities(graph, community, seed);
      const all = clusteringOfLabels(points, labels, { leastSize: minSize, iterations: rounds });
      const clustering = rejectNoise(points, all, rule, listed);
      const noise = clustering.labels.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0);
      log(
        `${community}: ${clustering.clusters} clusters after ${rounds} rounds over ${graph.targets.length / 2} edges of cosine ` +
          `${threshold.toFixed(3)} or more; ${noise} of ${rows} rows are noise`,
      );
      return clustering;
    } finally {
      await session.close();
    }
  },
});
