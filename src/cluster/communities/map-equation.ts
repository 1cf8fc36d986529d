import type { WeightedGraph } from '../neighbours/graph.js';

/** The steps of a random walker on a graph, as shares of all steps. */
export interface Flow {
  /** The graph, its weights the share of steps along each edge in one direction. */
  graph: WeightedGraph;
  /** [nodes] share of steps that end at a node. A node of an aggregated graph has the steps within it too. */
  visits: Float64Array;
  /** [nodes] share of steps that leave a node. */
  exits: Float64Array;
}

/** The walker's steps on an undirected graph: it visits nodes in proportion to their strength. */
export function flowOf(graph: WeightedGraph): Flow {
  const total = graph.weights.reduce((sum, weight) => sum + weight, 0);
  const shared = { ...graph, weights: graph.weights.map((weight) => weight / total) };
  const visits = strengths(shared);
  return { graph: shared, visits, exits: visits };
}

/** [nodes] sum of the weights of each node's edges. */
export function strengths({ nodes, offsets, weights }: WeightedGraph): Float64Array {
  return new Float64Array(nodes).map((_, node) => {
    let sum = 0;
    for (let at = offsets[node]; at < offsets[node + 1]; at++) sum += weights[at];
    return sum;
  });
}

/** p log2 p; 0 for p = 0, and for negative rounding errors. */
export const plogp = (p: number): number => (p > 0 ? p * Math.log2(p) : 0);

/**
 * The map equation for two levels (Rosvall and Bergstrom 2008, see infomap.ts): the bits per step that describe the walk with a code book
 * for each module and one for the steps between modules, at Shannon's limit.
 */
export function mapEquation({ graph, visits, exits }: Flow, modules: Int32Array): number {
  const moduleVisits = new Float64Array(graph.nodes);
  const moduleExits = new Float64Array(graph.nodes);
  for (let node = 0; node < graph.nodes; node++) {
    moduleVisits[modules[node]] += visits[node];
    moduleExits[modules[node]] += exits[node];
    for (let at = graph.offsets[node]; at < graph.offsets[node + 1]; at++) {
      if (modules[graph.targets[at]] === modules[node]) moduleExits[modules[node]] -= graph.weights[at];
    }
  }
  let [bits, exit] = [0, 0];
  for (const visit of visits) bits -= plogp(visit);
  for (let module = 0; module < graph.nodes; module++) {
    exit += moduleExits[module];
    bits += plogp(moduleExits[module] + moduleVisits[module]) - 2 * plogp(moduleExits[module]);
  }
  return bits + plogp(exit);
}
