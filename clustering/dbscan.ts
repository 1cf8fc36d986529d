import { dbscan, defineClustering, openSession, preparePoints, searches, z } from '../src/index.js';

const options = z.strictObject({
  minPoints: z
    .number()
    .int()
    .positive()
    .default(5)
    .describe('rows within reach, the row itself among them, that make a row the core of a cluster'),
  epsilon: z
    .union([z.literal('auto'), z.number().min(0).max(2)])
    .default('auto')
    .describe(
      "the reach, as 1 - cosine; 'auto': where the sorted distances to the (minPoints - 1)th neighbour bend most",
    ),
  search: z.enum(searches).default('auto').describe('auto: exact up to 50,000 rows, HNSW beyond'),
});

export default defineClustering({
  name: 'dbscan',
  summary: 'DBSCAN by cosine (Ester et al. 1996): clusters are where rows are dense, all other rows are noise.',
  options,
  async cluster({ points, rows, size, options, device, threads, ...given }) {
    const session = openSession({ device, threads });
    try {
      return await dbscan(session, preparePoints(points, rows, size, 'cosine'), { ...given, ...options });
    } finally {
      await session.close();
    }
  },
});
