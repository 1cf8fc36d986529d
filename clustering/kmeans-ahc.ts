import {
  type Clustering,
  cutOf,
  cutTree,
  defineClustering,
  differentRows,
  type Exchange,
  type KMeansOptions,
  kmeans,
  type Linkage,
  type Merge,
  type MergeCut,
  mergesOf,
  openSession,
  type Points,
  partition,
  preparePoints,
  type Session,
  sumClusters,
  UserError,
  withExchange,
  z,
} from '../src/index.js';
import { chooseClusters, clusterRange } from './parts/choose-k.js';

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
    .describe(
      'how the distance of two clusters is defined; average (by cosine) and ward take all of their rows into account',
    ),
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
  manyWorkers: true,
  async cluster({ options, device, threads, workers, ...data }) {
    const { clusters, threshold, ...rest } = options;
    const sessions: Session[] = [];
    // Workers share k-means, and each merges for itself.
    const cluster = async (exchange?: Exchange) => {
      const growTree = (points: Float32Array, rows: number) => {
        // The variables of a k-means stay until its session closes.
        const session = openSession({ device, threads });
        sessions.push(session);
        return kmeansMerge(session, { ...data, ...rest, points, rows, exchange });
      };
      if (typeof clusters !== 'object') return (await growTree(data.points, data.rows))({ clusters, threshold });
      const clusterer = async (points: Float32Array, rows: number) => {
        const cutInto = await growTree(points, rows);
        return (wanted: number) => cutInto({ clusters: wanted });
      };
      return chooseClusters({ ...data, metric: rest.metric }, clusters, clusterer, data.log);
    };
    try {
      return await (workers ? withExchange(workers, threads, cluster) : cluster());
    } finally {
      for (const session of sessions) await session.close();
    }
  },
});

/** k-means into `centers` clusters, which are then merged. */
export interface KMeansMergeOptions extends Omit<KMeansOptions, 'clusters' | 'init'> {
  /** Clusters of k-means; with no more different rows than this, the rows are merged without k-means. */
  centers: number;
  init?: Exclude<KMeansOptions['init'], Float32Array>;
  linkage: Linkage;
}

/** Cuts the tree of merges at a number of clusters or a distance. */
export type CutTree = (at: { clusters?: number; threshold?: number }) => Promise<Clustering>;

/**
 * k-means followed by agglomerative merging of its clusters, each weighted by its rows. By `average` linkage and cosine, the
 * distance of two clusters is the mean over all pairs of their rows, and `ward` is exact for their rows too: neither needs a matrix
 * of distances. `complete`, `single` and, by l2, `average` use distances of the centres.
 * @returns cuts the tree, any number of times; the first cut makes it, so ask for the fewest clusters first
 */
export async function kmeansMerge(session: Session, options: KMeansMergeOptions): Promise<CutTree> {
  const { rows, size, metric, linkage, log, signal } = options;
  const points = preparePoints(options.points, rows, size, metric);
  const first = await firstClusters(session, points, options);
  const { places, ...items } = filledClusters(points, first.labels, first.clusters);
  const filled = items.counts.length;
  let tree: { cut: MergeCut; merges: Merge[] } | undefined;

  return async (at) => {
    const cut = cutOf(at, rows);
    if ((cut.clusters ?? 0) > filled) {
      const advice = filled < options.centers ? 'Ask for fewer' : 'Raise centers';
      throw new UserError(`${cut.clusters} clusters were asked for, but there are only ${filled} to merge. ${advice}.`);
    }
    if (tree === undefined || !covers(tree.cut, cut)) {
      tree = { cut, merges: await mergesOf(session, { ...items, size }, { metric, linkage, cut, signal, log }) };
    }
    const { labels, clusters } = cutTree(tree.merges, filled, cut);
    const labelsOfRows = first.labels.map((label) => labels[places[label]]);
    const merged = partition(points, labelsOfRows, clusters);
    log?.(`${filled} clusters of k-means merged into ${clusters}: inertia ${merged.inertia.toPrecision(6)}`);
    return { ...merged, iterations: first.iterations };
  };
}

/** The clusters to merge: those of k-means, or sets of equal rows where there are no more of them than `centers`. */
async function firstClusters(session: Session, points: Points, options: KMeansMergeOptions) {
  const { firsts, places } = differentRows(points);
  if (options.centers < firsts.length) return kmeans(session, { ...options, clusters: options.centers });
  return { labels: places, clusters: firsts.length, iterations: 0 };
}

/** Means and counts of the clusters that have rows, and the place of each cluster among these. */
function filledClusters(points: Points, labels: Int32Array, clusters: number) {
  const { size } = points;
  const sums = sumClusters(points, labels, clusters);
  const means = sums.means();
  // The last assignment of k-means may leave a cluster empty.
  const filled = [...sums.counts.keys()].filter((cluster) => sums.counts[cluster] > 0);
  const places = new Int32Array(clusters);
  filled.forEach((cluster, place) => {
    places[cluster] = place;
    means.copyWithin(place * size, cluster * size, (cluster + 1) * size);
  });
  const counts = filled.map((cluster) => sums.counts[cluster]);
  return { places, counts, means: means.subarray(0, filled.length * size) };
}

/** True when a tree that was grown for one cut holds all merges below another. */
function covers(known: MergeCut, wanted: MergeCut): boolean {
  if (known.clusters !== undefined) return wanted.clusters !== undefined && known.clusters <= wanted.clusters;
  return wanted.threshold !== undefined && wanted.threshold <= known.threshold;
}
