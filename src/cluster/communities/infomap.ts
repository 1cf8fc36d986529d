import type { Rng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';
import type { WeightedGraph } from '../neighbours/graph.js';
import { aggregate, numbered } from './aggregate.js';
import type { Communities } from './communities.js';
import { type Flow, flowOf, mapEquation } from './map-equation.js';
import { createModules } from './modules.js';

/** Bits below which nothing is gained. */
const LEAST_GAIN = 1e-10;
/** Orders of the nodes that are tried. */
const SEARCHES = 3;
/** Passes over the nodes of one level, and refinements, that a rounding error could make endless. */
const MOST_PASSES = 100;
const MOST_REFINEMENTS = 20;

/** Communities with their value of the map equation, in bits per step. */
export interface InfomapResult extends Communities {
  bits: number;
}

/**
 * Communities of least description length, two-level Infomap (Rosvall and Bergstrom, "Maps of random walks on complex networks reveal
 * community structure", 2008, arXiv:0707.0609; the search as in Rosvall, Axelsson and Bergstrom, "The map equation", 2009,
 * arXiv:0906.1405): nodes move one by one, in random order, into the neighbouring module that lowers the map equation most; the modules
 * become the nodes of the next level, as in Louvain, until no level gains. Then single nodes may move out of the modules found, and
 * the search starts over from there, until that gains nothing either. The best of three such searches.
 */
export function infomap(graph: WeightedGraph, rng: Rng): InfomapResult {
  if (graph.targets.length === 0) return { labels: indicesUpTo(graph.nodes), rounds: 0, bits: 0 };
  const flow = flowOf(graph);
  const results = Array.from({ length: SEARCHES }, (_, i) => searchRefined(flow, rng.fork(i)));
  return results.reduce((best, other) => (other.bits < best.bits ? other : best));
}

function searchRefined(flow: Flow, rng: Rng): InfomapResult {
  let { labels, rounds } = search(flow, indicesUpTo(flow.graph.nodes), rng);
  let bits = mapEquation(flow, labels);
  for (let refinement = 0; refinement < MOST_REFINEMENTS; refinement++) {
    const refined = search(flow, labels, rng);
    const refinedBits = mapEquation(flow, refined.labels);
    rounds += refined.rounds;
    if (refinedBits > bits - LEAST_GAIN) break;
    [labels, bits] = [refined.labels, refinedBits];
  }
  return { labels, rounds, bits };
}

/** Moves nodes from the modules given, then whole modules, level by level. */
function search(leaves: Flow, start: Int32Array, rng: Rng): Communities {
  let [flow, labels, rounds] = [leaves, start, 0];
  let modules: Int32Array = start.slice();
  for (;;) {
    const passes = moveNodes(flow, modules, rng);
    rounds += passes;
    const { numbers, count } = numbered(modules);
    labels = flow === leaves ? numbers : labels.map((label) => numbers[label]);
    if (count === flow.graph.nodes) return { labels, rounds };
    flow = aggregate(flow, numbers, count);
    modules = indicesUpTo(count);
  }
}

/** Moves single nodes, pass after pass, until none gains; changes `modules`, returns the number of passes. */
function moveNodes(flow: Flow, modules: Int32Array, rng: Rng): number {
  const order = modules.map((_, node) => node);
  const state = createModules(flow, modules);
  for (let passes = 1; ; passes++) {
    let moves = 0;
    for (const node of rng.shuffle(order)) if (state.moveToBest(node, LEAST_GAIN)) moves++;
    if (moves === 0 || passes === MOST_PASSES) return passes;
  }
}
