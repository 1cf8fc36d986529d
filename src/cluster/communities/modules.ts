import { createLinks } from './links.js';
import { type Flow, plogp } from './map-equation.js';

/** Modules of a flow that change node by node. */
export interface Modules {
  /** Moves a node into the module around it, or into an empty one, that saves most bits; false when none saves `leastGain`. */
  moveToBest(node: number, leastGain: number): boolean;
}

/** Keeps the modules' visits and exits, so that a move is judged by the terms of the map equation that it changes. Changes `labels`. */
export function createModules({ graph, visits, exits }: Flow, labels: Int32Array): Modules {
  const linksOf = createLinks(graph);
  const moduleVisits = new Float64Array(graph.nodes);
  const moduleExits = new Float64Array(graph.nodes);
  const members = new Int32Array(graph.nodes);
  labels.forEach((module, node) => {
    moduleVisits[module] += visits[node];
    moduleExits[module] += exits[node] - linksOf(node, labels).weightTo(module);
    members[module]++;
  });
  const empty = [...members.keys()].filter((module) => members[module] === 0);
  let totalExit = moduleExits.reduce((sum, exit) => sum + exit, 0);

  function move(node: number, to: number, exitLeft: number, exitThere: number): void {
    const from = labels[node];
    totalExit += exitLeft - moduleExits[from] + exitThere - moduleExits[to];
    moduleVisits[from] -= visits[node];
    moduleVisits[to] += visits[node];
    moduleExits[from] = exitLeft;
    moduleExits[to] = exitThere;
    if (members[to]++ === 0) empty.pop();
    if (--members[from] === 0) empty.push(from);
    labels[node] = to;
  }

  return {
    moveToBest(node, leastGain) {
      const from = labels[node];
      const { labels: around, weightTo } = linksOf(node, labels);
      // The node's edges within its module become exits of it; its edges into the new module are exits no longer.
      const exitLeft = moduleExits[from] - exits[node] + 2 * weightTo(from);
      const exitWith = (module: number) => moduleExits[module] + exits[node] - 2 * weightTo(module);
      const leaving =
        moduleBits(moduleVisits[from], moduleExits[from]) - moduleBits(moduleVisits[from] - visits[node], exitLeft);
      const gainOf = (module: number) => {
        const exitThere = exitWith(module);
        const exitAfter = totalExit - moduleExits[from] + exitLeft - moduleExits[module] + exitThere;
        const before = moduleBits(moduleVisits[module], moduleExits[module]);
        const after = moduleBits(moduleVisits[module] + visits[node], exitThere);
        return leaving + before - after + plogp(totalExit) - plogp(exitAfter);
      };
      let [best, gain] = [from, leastGain];
      const consider = (module: number) => {
        const possible = gainOf(module);
        if (possible > gain) [best, gain] = [module, possible];
      };
      for (const module of around) if (module !== from) consider(module);
      if (members[from] > 1 && empty.length > 0) consider(empty[empty.length - 1]);
      if (best === from) return false;
      move(node, best, exitLeft, exitWith(best));
      return true;
    },
  };
}

const moduleBits = (visit: number, exit: number): number => plogp(visit + exit) - 2 * plogp(exit);
