import { createRng } from '../../random.js';
import type { WeightedGraph } from '../neighbours/graph.js';
import { chineseWhispers } from './chinese-whispers.js';
import { infomap } from './infomap.js';

/** The ways to find communities. */
export const communityMethods = ['infomap', 'chinese-whispers'] as const;
export type CommunityMethod = (typeof communityMethods)[number];

/** A partition of a graph's nodes. */
export interface Communities {
  /** [nodes] the community of each node, in no order; a node without edges is alone. */
  labels: Int32Array;
  /** Passes over the nodes. */
  rounds: number;
}

/** Finds communities of a graph; the same seed gives the same. */
export function findCommunities(graph: WeightedGraph, method: CommunityMethod, seed: number): Communities {
  const rng = createRng(seed).fork(method);
  return method === 'infomap' ? infomap(graph, rng) : chineseWhispers(graph, rng);
}
