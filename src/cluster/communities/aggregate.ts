import { type Edge, graphOf } from '../neighbours/graph.js';
import { type Flow, strengths } from './map-equation.js';

/** Labels as numbers from 0, in the order of their first nodes. */
export function numbered(labels: Int32Array): { numbers: Int32Array; count: number } {
  const known = new Map<number, number>();
  const numbers = labels.map((label) => {
    if (!known.has(label)) known.set(label, known.size);
    return known.get(label)!;
  });
  return { numbers, count: known.size };
}

/** The flow between modules, which become the nodes of a graph of `count` nodes. */
export function aggregate({ graph, visits }: Flow, modules: Int32Array, count: number): Flow {
  const sums = new Map<number, number>();
  const moduleVisits = new Float64Array(count);
  for (let node = 0; node < graph.nodes; node++) {
    moduleVisits[modules[node]] += visits[node];
    for (let at = graph.offsets[node]; at < graph.offsets[node + 1]; at++) {
      const [a, b] = [modules[node], modules[graph.targets[at]]];
      if (a < b) sums.set(a * count + b, (sums.get(a * count + b) ?? 0) + graph.weights[at]);
    }
  }
  const edges = function* (): Iterable<Edge> {
    for (const [key, weight] of sums) yield [Math.floor(key / count), key % count, weight];
  };
  const between = graphOf(count, edges);
  return { graph: between, visits: moduleVisits, exits: strengths(between) };
}
