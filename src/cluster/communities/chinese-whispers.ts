import type { Rng } from '../../random.js';
import { indicesUpTo } from '../../rows.js';
import type { WeightedGraph } from '../neighbours/graph.js';
import type { Communities } from './communities.js';
import { createLinks, type Links } from './links.js';

const MOST_ROUNDS = 100;

/**
 * Chinese whispers (Biemann, "Chinese Whispers - an Efficient Graph Clustering Algorithm", TextGraphs 2006): every node starts with a label
 * of its own; in a new random order each round, every node takes the label with the largest sum of edge weights among its neighbours. Among
 * equals it keeps its own label, else one is drawn. Ends when a round changes nothing, or after a hundred rounds: a few nodes may go to and
 * fro for ever.
 */
export function chineseWhispers(graph: WeightedGraph, rng: Rng): Communities {
  const labels = indicesUpTo(graph.nodes);
  const order = labels.slice();
  const linksOf = createLinks(graph);
  for (let rounds = 1; ; rounds++) {
    let changed = 0;
    for (const node of rng.shuffle(order)) {
      const label = strongest(linksOf(node, labels), labels[node], rng);
      if (label === labels[node]) continue;
      labels[node] = label;
      changed++;
    }
    if (changed === 0 || rounds === MOST_ROUNDS) return { labels, rounds };
  }
}

function strongest({ labels, weightTo }: Links, current: number, rng: Rng): number {
  let most = 0;
  for (const label of labels) most = Math.max(most, weightTo(label));
  const equals = labels.filter((label) => weightTo(label) === most);
  if (equals.length === 0 || equals.includes(current)) return current;
  return equals[equals.length === 1 ? 0 : rng.int(equals.length)];
}
