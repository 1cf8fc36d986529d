import type { Session } from '../../engine/session/session.js';
import type { Clustering } from '../clustering.js';
import { clusteringOfLabels } from '../density/labels.js';
import { type NoiseRule, rejectNoise } from '../density/reject.js';
import { neighbourGraph } from '../neighbours/graph.js';
import { neighbours, type Search } from '../neighbours/neighbours.js';
import { neighbourThreshold } from '../neighbours/threshold.js';
import type { Points } from '../points.js';
import { type CommunityMethod, findCommunities } from './communities.js';

export interface GraphClustersOptions {
  /** Neighbours that each row is joined to. */
  neighbours: number;
  /** The least cosine of joined rows; `auto`: see {@link neighbourThreshold}. */
  threshold: number | 'auto';
  community: CommunityMethod;
  search: Search;
  /** Rows of smaller communities are noise. */
  minSize: number;
  noise: NoiseRule;
  seed: number;
  log?(line: string): void;
  signal?: AbortSignal;
}

/**
 * Clusters points as the communities of their graph of nearest neighbours; how many there are comes out of it. The same seed gives
 * the same clusters; their centres are mean directions.
 * @param points prepared by cosine
 * @throws UserError when every row is noise, and when `hnsw` is asked for and hnswlib-node does not load
 */
export async function graphClusters(
  session: Session,
  points: Points,
  options: GraphClustersOptions,
): Promise<Clustering> {
  const { seed, signal, log, community, minSize } = options;
  const found = await neighbours(session, points, { ...options, count: options.neighbours });
  const threshold = options.threshold === 'auto' ? neighbourThreshold(found) : options.threshold;
  const graph = neighbourGraph(found, threshold);
  signal?.throwIfAborted();
  const { labels, rounds } = findCommunities(graph, community, seed);
  const all = clusteringOfLabels(points, labels, { leastSize: minSize, iterations: rounds });
  const kept = rejectNoise(points, all, options.noise, found);
  const noise = kept.labels.reduce((sum, label) => sum + (label < 0 ? 1 : 0), 0);
  log?.(
    `${community}: ${kept.clusters} clusters after ${rounds} rounds over ${graph.targets.length / 2} edges of cosine ${threshold.toFixed(3)} ` +
      `or more; ${noise} of ${points.rows} rows are noise`,
  );
  return kept;
}
