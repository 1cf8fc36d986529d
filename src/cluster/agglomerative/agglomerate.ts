import type { Session } from '../../engine/session/session.js';
import type { Clustering } from '../clustering.js';
import { sumClusters } from '../kmeans/cluster-sums.js';
import { type Metric, type Points, preparePoints, shifted, vectorsOf } from '../points.js';
import { type Cut, cutOf, cutTree, type Linkage, type Merge } from './dendrogram.js';
import { differentRows } from './different-rows.js';
import { nearestChain } from './nearest-chain.js';
import { pairDistances } from './pair-distances.js';
import { type MeanClusters, reciprocalMerges } from './reciprocal-merges.js';

/** What to merge and how far. */
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
 * Agglomerative clustering on the session's device; nothing is random. Average linkage by cosine and ward linkage need memory for the
 * rows only, the others 2 rows^2 bytes. Equal rows are one from the start. Its variables stay until the session closes.
 *
 * Throws a UserError for more clusters than rows, NaN, rows of zeros (by cosine) and distances of more than 4 GiB.
 */
export async function agglomerate(session: Session, options: AgglomerateOptions): Promise<Clustering> {
  const { rows, size, metric, linkage, log, signal } = options;
  const points = preparePoints(options.points, rows, size, metric);
  const cut = cutOf(options, rows);
  const { firsts, places, counts } = differentRows(points);
  const items = { means: vectorsOf(points, firsts), counts, size };
  const merges = await mergesOf(session, items, { metric, linkage, cut, log, signal });
  // Equal rows stay together: more clusters than different rows there are not.
  const most = cut.clusters === undefined ? cut : { clusters: Math.min(cut.clusters, firsts.length) };
  const { labels, clusters } = cutTree(merges, firsts.length, most);
  const found = partition(
    points,
    places.map((place) => labels[place]),
    clusters,
  );
  log?.(`agglomerative clustering: ${firsts.length} different rows in ${clusters} clusters`);
  return { ...found, iterations: merges.length };
}

/** All merges below the cut, of clusters given by their means and sizes; by cosine the means of unit rows. */
export async function mergesOf(
  session: Session,
  items: MeanClusters,
  given: { metric: Metric; linkage: Linkage; cut: Cut; signal?: AbortSignal; log?(line: string): void },
): Promise<Merge[]> {
  const { metric, linkage, cut, signal, log } = given;
  const name = `merges-${session.variables.size}`;
  const cosine = metric === 'cosine';
  if (items.counts.length < 2) return [];
  if (linkage === 'ward' || (linkage === 'average' && cosine)) {
    return reciprocalMerges(session, items, { linkage, cut, name, signal, log });
  }
  const vectors = cosine ? unitRows(items.means, items.size) : items.means;
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

/** Rows of length 1; one of zeros stays as it is. */
function unitRows(vectors: Float32Array, size: number): Float32Array {
  const units = vectors.slice();
  for (let at = 0; at < units.length; at += size) {
    const row = units.subarray(at, at + size);
    const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) || 1;
    for (let j = 0; j < size; j++) row[j] /= length;
  }
  return units;
}
