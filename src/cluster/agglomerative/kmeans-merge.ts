import type { Session } from '../../engine/session/session.js';
import { UserError } from '../../errors.js';
import type { Clustering } from '../clustering.js';
import { sumClusters } from '../kmeans/cluster-sums.js';
import { type KMeansOptions, kmeans } from '../kmeans/kmeans.js';
import { preparePoints } from '../points.js';
import { mergesOf, partition } from './agglomerate.js';
import { type Cut, cutOf, cutTree, type Linkage } from './dendrogram.js';
import { differentRows } from './different-rows.js';

/** k-means into `centers` clusters, which are then merged. */
export interface KMeansMergeOptions extends Omit<KMeansOptions, 'clusters' | 'init'> {
  /** Clusters of k-means; where there are no more different rows, these are merged without k-means. */
  centers: number;
  init?: Exclude<KMeansOptions['init'], Float32Array>;
  linkage: Linkage;
}

/** Where to cut, and what the tree is needed for below that. */
export type MergeTo = (given: { clusters?: number; threshold?: number }) => Promise<Clustering>;

/**
 * k-means followed by agglomerative merging of its clusters, each weighted by its rows. By `average` linkage and cosine, the
 * distance of two clusters is the mean over all pairs of their rows, and `ward` that of their rows too: neither needs a matrix of distances.
 * `complete`, `single` and, by l2, `average` go by distances of the centres.
 * @returns cuts the tree, any number of times; the first cut makes it, so ask for the fewest clusters first
 */
export async function kmeansMerge(session: Session, options: KMeansMergeOptions): Promise<MergeTo> {
  const { rows, size, metric, linkage, log, signal } = options;
  const points = preparePoints(options.points, rows, size, metric);
  const different = differentRows(points);
  const centers = Math.min(options.centers, different.firsts.length);
  const found =
    centers < different.firsts.length
      ? await kmeans(session, { ...options, clusters: centers })
      : { labels: different.places, iterations: 0 };
  const sums = sumClusters(points, found.labels, centers);
  const means = sums.means();
  // The last assignment of k-means may leave a cluster empty.
  const filled = [...sums.counts.keys()].filter((cluster) => sums.counts[cluster] > 0);
  const places = new Int32Array(centers);
  filled.forEach((cluster, place) => {
    places[cluster] = place;
    means.copyWithin(place * size, cluster * size, (cluster + 1) * size);
  });
  const items = {
    ...{ size, means: means.subarray(0, filled.length * size) },
    counts: filled.map((cluster) => sums.counts[cluster]),
  };
  let tree: { cut: Cut; merges: Awaited<ReturnType<typeof mergesOf>> } | undefined;

  return async (given) => {
    const cut = cutOf(given, rows);
    if ((cut.clusters ?? 0) > filled.length) {
      throw new UserError(
        `${cut.clusters} clusters were asked for, but there are only ${filled.length} to merge. ${filled.length < options.centers ? 'Ask for fewer' : 'Raise centers'}.`,
      );
    }
    if (tree === undefined || !covers(tree.cut, cut)) {
      tree = { cut, merges: await mergesOf(session, items, { metric, linkage, cut, signal, log }) };
    }
    const { labels, clusters } = cutTree(tree.merges, filled.length, cut);
    const whole = partition(
      points,
      found.labels.map((label) => labels[places[label]]),
      clusters,
    );
    log?.(`${filled.length} clusters of k-means merged into ${clusters}: inertia ${whole.inertia.toPrecision(6)}`);
    return { ...whole, iterations: found.iterations };
  };
}

/** Whether a tree made for one cut knows all merges below another. */
function covers(made: Cut, wanted: Cut): boolean {
  if (made.clusters !== undefined) return wanted.clusters !== undefined && made.clusters <= wanted.clusters;
  return wanted.threshold !== undefined && wanted.threshold <= made.threshold;
}
