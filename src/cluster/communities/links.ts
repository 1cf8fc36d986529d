import type { WeightedGraph } from '../neighbours/graph.js';

/** The weights between one node and the communities around it. */
export interface Links {
  /** The labels of its neighbours, each once, in the order of its edges. */
  labels: number[];
  /** The sum of the weights of its edges to a label; 0 without such. */
  weightTo(label: number): number;
}

/** Returns the function that sums a node's edges by label. Its arrays are reused: a call overwrites the last result. */
export function createLinks({ nodes, offsets, targets, weights }: WeightedGraph) {
  const sums = new Float64Array(nodes);
  const seen = new Int32Array(nodes).fill(-1);
  const labels: number[] = [];
  let last = -1;
  const links: Links = { labels, weightTo: (label) => (seen[label] === last ? sums[label] : 0) };

  return (node: number, labelOf: Int32Array): Links => {
    for (const label of labels) seen[label] = -1;
    labels.length = 0;
    last = node;
    for (let at = offsets[node]; at < offsets[node + 1]; at++) {
      const label = labelOf[targets[at]];
      if (seen[label] !== node) {
        seen[label] = node;
        sums[label] = 0;
        labels.push(label);
      }
      sums[label] += weights[at];
    }
    return links;
  };
}
