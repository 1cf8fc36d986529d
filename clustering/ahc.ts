import {
  type Clustering,
  cutOf,
  cutTree,
  defineClustering,
  differentRows,
  type Linkage,
  type Metric,
  mergesOf,
  openSession,
  partition,
  preparePoints,
  type Session,
  vectorsOf,
  z,
} from '../src/index.js';

const options = z.strictObject({
  linkage: z
    .enum(['average', 'complete', 'single', 'ward'])
    .default('average')
    .describe('how the distance of two clusters follows from those of their rows'),
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
  async cluster({ options, device, threads, ...data }) {
    const session = openSession({ device, threads });
    try {
      return await agglomerate(session, { ...data, ...options });
    } finally {
      await session.close();
    }
  },
});

export interface AgglomerateOptions {
  /** [rows, size] row-major; neither changed nor copied. */
  points: Float32Array;
  rows: number;
  size: number;
  /** Distances are 1 - cosine or Euclidean ones; `ward` is Euclidean, by cosine between unit rows. */
  metric: Metric;
  linkage: Linkage;
  /** Either a number of clusters, or the distance up to which clusters merge. */
  clusters?: number;
  threshold?: number;
  log?(line: string): void;
  signal?: AbortSignal;
}

/**
 * Agglomerative clustering on the session's device; nothing is random. Equal rows are in one cluster from the start.
 * @throws UserError for more clusters than rows, NaN, rows of zeros (by cosine) and distances of more than 4 GiB
 */
export async function agglomerate(session: Session, options: AgglomerateOptions): Promise<Clustering> {
  const { rows, size, metric, linkage, log, signal } = options;
  const points = preparePoints(options.points, rows, size, metric);
  const cut = cutOf(options, rows);
  const { firsts, places, counts } = differentRows(points);
  const items = { means: vectorsOf(points, firsts), counts, size };
  const merges = await mergesOf(session, items, { metric, linkage, cut, log, signal });
  // Equal rows stay together, so there are at most as many clusters as different rows.
  const reachable = cut.clusters === undefined ? cut : { clusters: Math.min(cut.clusters, firsts.length) };
  const { labels, clusters } = cutTree(merges, firsts.length, reachable);
  const labelsOfRows = places.map((place) => labels[place]);
  log?.(`agglomerative clustering: ${firsts.length} different rows in ${clusters} clusters`);
  return { ...partition(points, labelsOfRows, clusters), iterations: merges.length };
}
