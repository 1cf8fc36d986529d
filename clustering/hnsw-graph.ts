import {
  communityMethods,
  defineClustering,
  graphClusters,
  openSession,
  preparePoints,
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
      "the least cosine of joined rows; 'auto' is taken from the neighbours' cosines and keeps 95 % of the rows joined",
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

export default defineClustering({
  name: 'hnsw-graph',
  summary:
    'Communities (Infomap or Chinese whispers) of the graph of nearest neighbours; finds the number of clusters itself.',
  options,
  async cluster({ points, rows, size, options, device, threads, ...given }) {
    const session = openSession({ device, threads });
    try {
      return await graphClusters(session, preparePoints(points, rows, size, 'cosine'), { ...given, ...options });
    } finally {
      await session.close();
    }
  },
});
