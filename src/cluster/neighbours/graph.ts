import { crossingOf, fitTwoGaussians } from '../gaussian-pair.js';
import type { Neighbours } from './neighbours.js';

/** Share of the rows that may lose their nearest neighbour to the threshold. */
const MOST_ALONE = 0.05;
/** Cosines that differ by less count as equal. */
const LEAST_RANGE = 1e-6;

/** An undirected graph without loops; every edge is there from both its ends. */
export interface WeightedGraph {
  nodes: number;
  /** [nodes + 1] where the edges of each node start. */
  offsets: Float64Array;
  /** The other end of each edge. */
  targets: Int32Array;
  /** All above 0. */
  weights: Float64Array;
}

export type Edge = [a: number, b: number, weight: number];

/**
 * Joins every row to its neighbours whose cosine is at least `threshold`, with the cosine as weight; it is enough that one of the two is
 * among the neighbours of the other. Edges whose cosine is not above 0 are left out, whatever the threshold.
 */
export function neighbourGraph({ rows, count, indices, similarities }: Neighbours, threshold: number): WeightedGraph {
  const lists = (row: number, other: number) => {
    for (let at = row * count; at < (row + 1) * count; at++) if (indices[at] === other) return true;
    return false;
  };
  return graphOf(rows, function* () {
    for (let row = 0, at = 0; row < rows; row++) {
      for (const end = at + count; at < end; at++) {
        const other = indices[at];
        if (other < 0 || similarities[at] < threshold || similarities[at] <= 0) continue;
        if (row < other || !lists(other, row)) yield [row, other, similarities[at]];
      }
    }
  });
}

/**
 * The least cosine of neighbours of the same kind, from the distribution of the neighbours' cosines alone: where the weighted densities
 * of two Gaussians fitted to them cross, but so low that at least 95 % of the rows keep their nearest neighbour. -1, which keeps all,
 * where the densities do not cross or all cosines are equal.
 */
export function neighbourThreshold({ rows, count, similarities }: Neighbours): number {
  const cosines = similarities.filter((similarity) => similarity >= -2);
  const sorted = cosines.slice().sort();
  if (cosines.length < 2 || sorted[sorted.length - 1] - sorted[0] < LEAST_RANGE) return -1;
  const { low, high } = fitTwoGaussians(cosines);
  const nearest = new Float32Array(rows).map((_, row) => similarities[row * count]).sort();
  return Math.min(crossingOf(low, high) ?? -1, nearest[Math.floor(MOST_ALONE * rows)]);
}

/** A graph from its edges, each given once; `edges` is iterated twice. */
export function graphOf(nodes: number, edges: () => Iterable<Edge>): WeightedGraph {
  const offsets = new Float64Array(nodes + 1);
  for (const [a, b] of edges()) {
    offsets[a + 1]++;
    offsets[b + 1]++;
  }
  for (let node = 0; node < nodes; node++) offsets[node + 1] += offsets[node];
  const next = offsets.slice();
  const targets = new Int32Array(offsets[nodes]);
  const weights = new Float64Array(offsets[nodes]);
  for (const [a, b, weight] of edges()) {
    targets[next[a]] = b;
    weights[next[a]++] = weight;
    targets[next[b]] = a;
    weights[next[b]++] = weight;
  }
  return { nodes, offsets, targets, weights };
}
