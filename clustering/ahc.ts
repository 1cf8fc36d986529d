import { agglomerate, defineClustering, openSession, z } from '../src/index.js';

const options = z.strictObject({
  linkage: z
    .enum(['average', 'complete', 'single', 'ward'])
    .default('average')
    .describe('which distance of two clusters counts'),
  metric: z.enum(['cosine', 'l2']).default('cosine').describe('distances are 1 - cosine or Euclidean'),
  clusters: z.number().int().positive().optional().describe('number of clusters; or give threshold'),
  threshold: z.number().nonnegative().optional().describe('clusters merge up to this distance; or give clusters'),
});

export default defineClustering({
  name: 'ahc',
  summary: 'Agglomerative clustering, to a number of clusters or a distance, for up to some tens of thousands of rows.',
  options: options.refine(({ clusters, threshold }) => (clusters === undefined) !== (threshold === undefined), {
    message: 'needs either clusters or threshold',
  }),
  async cluster({ options, device, threads, ...given }) {
    const session = openSession({ device, threads });
    try {
      return await agglomerate(session, { ...given, ...options });
    } finally {
      await session.close();
    }
  },
});
