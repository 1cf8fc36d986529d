import { cutTree } from '../cluster/agglomerative/dendrogram.js';
import { nearestChain } from '../cluster/agglomerative/nearest-chain.js';
import { centredRows, centroids, cosineDistances } from './cosines.js';
import { type SpeakerBounds, spectralClusters } from './spectral.js';

export interface ClusterOptions {
  algorithm: 'spectral' | 'agglomerative';
  bounds: SpeakerBounds;
  /** spectral: share of the windows that each keeps as its neighbours. */
  neighbours: number;
  /** agglomerative, unknown number: cosine distance up to which groups of windows become one. */
  threshold: number;
  /** Unknown number: speakers whose mean directions have a larger cosine are one. */
  sameSpeaker: number;
  seed: number;
}

/** More windows than this are merged into so many groups before spectral clustering, whose time grows with their cube. */
const MOST_SPECTRAL = 300;
/** More windows than this are averaged with their neighbours in time before all pairs are compared: 200 MB of distances. */
const MOST_PAIRED = 10000;

/**
 * Clusters windows by speaker.
 * @param vectors [windows, size] unit rows in the order of time
 * @returns a label for each window, from 0 in the order of their first windows
 */
export function clusterSpeakers(vectors: Float32Array, size: number, options: ClusterOptions): Int32Array {
  const windows = vectors.length / size;
  if (windows === 0) return new Int32Array(0);
  const stride = Math.ceil(windows / MOST_PAIRED);
  const groups = Int32Array.from({ length: windows }, (_, i) => Math.floor(i / stride));
  const items = stride === 1 ? vectors : centroids(vectors, size, groups, undefined, groups[windows - 1] + 1);
  const clustered = options.algorithm === 'spectral' ? spectral(items, size, options) : merged(items, size, options);
  const { least, most } = options.bounds;
  const joined = least === most ? clustered : joinAlike(items, size, clustered, options);
  return inOrder(groups.map((group) => joined[group]));
}

function spectral(items: Float32Array, size: number, { bounds, neighbours, seed }: ClusterOptions): Int32Array {
  const rows = items.length / size;
  if (rows <= MOST_SPECTRAL) return spectralClusters(items, size, bounds, { neighbours, seed });
  const merges = nearestChain(cosineDistances(items, size), new Uint8Array(rows).fill(1), 'average');
  const { labels, clusters } = cutTree(merges, rows, { clusters: MOST_SPECTRAL });
  const groups = centroids(items, size, labels, undefined, clusters);
  const speakers = spectralClusters(groups, size, bounds, { neighbours, seed });
  return labels.map((label) => speakers[label]);
}

function merged(items: Float32Array, size: number, { bounds, threshold }: ClusterOptions): Int32Array {
  const rows = items.length / size;
  const merges = nearestChain(cosineDistances(centredRows(items, size), size), new Uint8Array(rows).fill(1), 'average');
  const { labels, clusters } = cutTree(merges, rows, { threshold });
  const wanted = Math.min(rows, Math.max(bounds.least, Math.min(bounds.most, clusters)));
  return wanted === clusters ? labels : cutTree(merges, rows, { clusters: wanted }).labels;
}

/** Joins the speakers whose mean directions are most alike, while they are similar enough and more than the fewest. */
function joinAlike(items: Float32Array, size: number, labels: Int32Array, options: ClusterOptions): Int32Array {
  const { sameSpeaker, bounds } = options;
  const clusters = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  const counts = new Int32Array(clusters);
  for (const label of labels) counts[label]++;
  const means = centroids(items, size, labels, undefined, clusters);
  const merges = nearestChain(cosineDistances(means, size), counts, 'average');
  const joined = cutTree(merges, clusters, { threshold: 1 - sameSpeaker });
  const { labels: of } =
    joined.clusters >= bounds.least
      ? joined
      : cutTree(merges, clusters, { clusters: Math.min(bounds.least, clusters) });
  return labels.map((label) => of[label]);
}

/** Numbers labels by their first occurrence. */
function inOrder(labels: Int32Array): Int32Array {
  const numbers = new Map<number, number>();
  for (const label of labels) if (!numbers.has(label)) numbers.set(label, numbers.size);
  return labels.map((label) => numbers.get(label)!);
}
