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
  /** Unknown number: no two speakers' mean directions have a larger cosine. */
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
  const speakers = options.algorithm === 'spectral' ? spectral(items, size, options) : merged(items, size, options);
  return inOrder(groups.map((group) => speakers[group]));
}

function spectral(items: Float32Array, size: number, options: ClusterOptions): Int32Array {
  const { bounds, neighbours, sameSpeaker, seed } = options;
  const rows = items.length / size;
  const groups = rows <= MOST_SPECTRAL ? Int32Array.from({ length: rows }, (_, row) => row) : grouped(items, size);
  const vectors = rows <= MOST_SPECTRAL ? items : centroids(items, size, groups, undefined, MOST_SPECTRAL);
  const lifted = (labels: Int32Array) => groups.map((group) => labels[group]);
  const areDistinct = (labels: Int32Array) => largestCosine(items, size, lifted(labels)) < sameSpeaker;
  return lifted(spectralClusters(vectors, size, bounds, { neighbours, seed, areDistinct }));
}

/** Merges rows into as many groups as spectral clustering can take; a group for each row. */
function grouped(items: Float32Array, size: number): Int32Array {
  const rows = items.length / size;
  const merges = nearestChain(cosineDistances(items, size), new Uint8Array(rows).fill(1), 'average');
  return cutTree(merges, rows, { clusters: MOST_SPECTRAL }).labels;
}

/** The cosine of the two mean directions that are most alike; -1 where all rows have one label. */
function largestCosine(items: Float32Array, size: number, labels: Int32Array): number {
  const distances = cosineDistances(meanDirections(items, size, labels), size);
  return distances.reduce((most, distance) => Math.max(most, 1 - distance), -1);
}

function merged(items: Float32Array, size: number, options: ClusterOptions): Int32Array {
  const { bounds, threshold } = options;
  const rows = items.length / size;
  const merges = nearestChain(cosineDistances(centredRows(items, size), size), new Uint8Array(rows).fill(1), 'average');
  const { labels, clusters } = cutTree(merges, rows, { threshold });
  const wanted = Math.min(rows, Math.max(bounds.least, Math.min(bounds.most, clusters)));
  const speakers = wanted === clusters ? labels : cutTree(merges, rows, { clusters: wanted }).labels;
  return bounds.least === bounds.most ? speakers : joinAlike(items, size, speakers, options);
}

/** Joins the speakers whose mean directions are most alike, while they are similar enough and more than the fewest. */
function joinAlike(items: Float32Array, size: number, labels: Int32Array, options: ClusterOptions): Int32Array {
  const { sameSpeaker, bounds } = options;
  const means = meanDirections(items, size, labels);
  const clusters = means.length / size;
  const counts = new Int32Array(clusters);
  for (const label of labels) counts[label]++;
  const merges = nearestChain(cosineDistances(means, size), counts, 'average');
  const joined = cutTree(merges, clusters, { threshold: 1 - sameSpeaker });
  const { labels: of } =
    joined.clusters >= bounds.least
      ? joined
      : cutTree(merges, clusters, { clusters: Math.min(bounds.least, clusters) });
  return labels.map((label) => of[label]);
}

/** Mean directions of the rows of each label, float32 [labels, size]. */
function meanDirections(items: Float32Array, size: number, labels: Int32Array): Float32Array {
  const count = labels.reduce((most, label) => Math.max(most, label), 0) + 1;
  return centroids(items, size, labels, undefined, count);
}

/** Numbers labels by their first occurrence. */
function inOrder(labels: Int32Array): Int32Array {
  const numbers = new Map<number, number>();
  for (const label of labels) if (!numbers.has(label)) numbers.set(label, numbers.size);
  return labels.map((label) => numbers.get(label)!);
}
