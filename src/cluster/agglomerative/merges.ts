import type { Session } from '../../engine/session/session.js';
import { norm, unitRows } from '../../rows.js';
import type { Clustering } from '../clustering.js';
import { sumClusters } from '../kmeans/cluster-sums.js';
import { type Metric, type Points, shifted, vectorsOf } from '../points.js';
import type { Cut, Linkage, Merge } from './dendrogram.js';
import { nearestChain } from './nearest-chain.js';
import { pairDistances } from './pair-distances.js';
import { type MeanClusters, reciprocalMerges } from './reciprocal-merges.js';

export interface MergeOptions {
  /** Distances are 1 - cosine or Euclidean ones; `ward` is Euclidean, by cosine between unit rows. */
  metric: Metric;
  linkage: Linkage;
  cut: Cut;
  signal?: AbortSignal;
  log?(line: string): void;
}

/**
 * All merges below the cut, of clusters given by their means and sizes; by cosine the means of unit rows. Nothing is random. Average
 * linkage by cosine and ward linkage need memory for the rows only, the others 2 rows^2 bytes. Variables stay until the session closes.
 * @throws UserError for distances of more than 4 GiB
 */
export async function mergesOf(session: Session, items: MeanClusters, options: MergeOptions): Promise<Merge[]> {
  const { metric, linkage, cut, signal, log } = options;
  const name = `merges-${session.variables.size}`;
  const cosine = metric === 'cosine';
  if (items.counts.length < 2) return [];
  if (linkage === 'ward' || (linkage === 'average' && cosine)) {
    return reciprocalMerges(session, items, { linkage, cut, name, signal, log });
  }
  const vectors = cosine ? unitRows(items.means, items.size, norm) : items.means;
  const distances = await pairDistances(session, vectors, { size: items.size, cosine, name, signal });
  return nearestChain(distances, items.counts, linkage);
}

/** A clustering from labels [rows] alone: centres are means, by cosine of length 1. */
export function partition(points: Points, labels: Int32Array, clusters: number): Clustering {
  const sums = sumClusters(points, labels, clusters);
  const firsts = new Int32Array(clusters);
  for (let row = labels.length - 1; row >= 0; row--) firsts[labels[row]] = row;
  const centers = sums.centers(vectorsOf(points, firsts));
  return { labels, clusters, iterations: 0, inertia: sums.inertia(centers), centers: shifted(centers, points, 1) };
}
