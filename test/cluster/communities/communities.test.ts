import test from 'ava';
import { chineseWhispers } from '../../../src/cluster/communities/chinese-whispers.js';
import { communityMethods, findCommunities } from '../../../src/cluster/communities/communities.js';
import { infomap } from '../../../src/cluster/communities/infomap.js';
import { flowOf, mapEquation } from '../../../src/cluster/communities/map-equation.js';
import { type Edge, graphOf, type WeightedGraph } from '../../../src/cluster/neighbours/graph.js';
import { nmi } from '../../../src/eval/clustering-metrics.js';
import { createRng } from '../../../src/random.js';
import { type Matrix, naiveMapEquation, partitions } from './naive-map-equation.js';

const graphFrom = (weights: Matrix): WeightedGraph =>
  graphOf(weights.length, () =>
    weights.flatMap((row, a) =>
      row.map((weight, b): Edge => [a, b, weight]).filter(([, b, weight]) => a < b && weight > 0),
    ),
  );

/** Nodes joined with the given chance, or not at all where it is 0; weights from 0.5 to 1. */
function drawWeights(nodes: number, chance: (a: number, b: number) => number, seed: number): Matrix {
  const rng = createRng(seed);
  const weights = Array.from({ length: nodes }, () => new Array<number>(nodes).fill(0));
  for (let a = 0; a < nodes; a++) {
    for (let b = 0; b < a; b++) {
      if (rng.next() < chance(a, b)) weights[a][b] = weights[b][a] = rng.uniform(0.5, 1);
    }
  }
  return weights;
}

/** Cliques of five, each joined to the next by one edge. */
const cliquesOf = (nodes: number) => new Int32Array(nodes).map((_, node) => Math.floor(node / 5));
const ringOfCliques = (cliques: number): Matrix => {
  const nodes = 5 * cliques;
  const isJoined = (a: number, b: number) =>
    Math.floor(a / 5) === Math.floor(b / 5) || (b % 5 === 0 && (b + nodes - 1) % nodes === a);
  return Array.from({ length: nodes }, (_, a) =>
    Array.from({ length: nodes }, (_, b) => (a !== b && (isJoined(a, b) || isJoined(b, a)) ? 1 : 0)),
  );
};

test('the map equation is that of the paper, for any graph and partition', (t) => {
  for (let seed = 0; seed < 20; seed++) {
    const rng = createRng(`modules/${seed}`);
    const weights = drawWeights(12, () => 0.4, seed);
    const modules = new Int32Array(12).map(() => rng.int(1 + (seed % 12)));
    const [found, expected] = [mapEquation(flowOf(graphFrom(weights)), modules), naiveMapEquation(weights, modules)];
    t.true(Math.abs(found - expected) < 1e-10, `${found} is not ${expected}`);
  }
});

test('Infomap says the bits of what it returns, and finds the least of all partitions of small graphs', (t) => {
  let [optimal, graphs] = [0, 0];
  for (let seed = 0; seed < 12; seed++) {
    const weights = drawWeights(8, (a, b) => (a % 2 === b % 2 ? 0.9 : 0.25), seed);
    const found = infomap(graphFrom(weights), createRng(seed));
    t.true(Math.abs(found.bits - naiveMapEquation(weights, found.labels)) < 1e-10);
    let least = Number.POSITIVE_INFINITY;
    for (const partition of partitions(8)) least = Math.min(least, naiveMapEquation(weights, partition));
    t.true(found.bits >= least - 1e-10 && found.bits <= least * 1.02);
    if (found.bits < least + 1e-10) optimal++;
    graphs++;
  }
  t.true(optimal >= 0.9 * graphs, `${optimal} of ${graphs}`);
});

for (const method of communityMethods) {
  test(`${method}: a ring of cliques comes apart into its cliques`, (t) => {
    const found = findCommunities(graphFrom(ringOfCliques(12)), method, 1);
    t.is(nmi(found.labels, cliquesOf(60)), 1);
  });

  test(`${method}: a planted partition is found, the same for the same seed`, (t) => {
    const group = (node: number) => node % 8;
    const weights = drawWeights(240, (a, b) => (group(a) === group(b) ? 0.4 : 0.01), 2);
    const truth = new Int32Array(240).map((_, node) => group(node));
    const graph = graphFrom(weights);
    const found = findCommunities(graph, method, 5);
    t.is(nmi(found.labels, truth), 1);
    t.deepEqual(findCommunities(graph, method, 5), found);
  });

  test(`${method}: weights tell apart what edges alone do not`, (t) => {
    // All joined, but strongly within halves only.
    const weights = Array.from({ length: 12 }, (_, a) =>
      Array.from({ length: 12 }, (_, b) => (a === b ? 0 : a % 2 === b % 2 ? 1 : 0.01)),
    );
    const halves = new Int32Array(12).map((_, node) => node % 2);
    t.is(nmi(findCommunities(graphFrom(weights), method, 1).labels, halves), 1);
  });

  test(`${method}: nodes without edges stay alone, in a graph without edges all do`, (t) => {
    const weights = drawWeights(10, (a, b) => (a < 8 && b < 8 ? 1 : 0), 3);
    const { labels } = findCommunities(graphFrom(weights), method, 1);
    t.is(new Set(labels).size, 3);
    t.is(new Set(labels.subarray(0, 8)).size, 1);
    t.is(
      new Set(
        findCommunities(
          graphOf(6, () => []),
          method,
          1,
        ).labels,
      ).size,
      6,
    );
    t.deepEqual(
      [
        ...findCommunities(
          graphOf(0, () => []),
          method,
          1,
        ).labels,
      ],
      [],
    );
  });
}

test('Infomap: better than all in one, all alone, the true groups and what one move away from it is', (t) => {
  const weights = drawWeights(90, (a, b) => (a % 9 === b % 9 ? 0.6 : 0.04), 4);
  const { labels, bits } = infomap(graphFrom(weights), createRng(1));
  const others = [(_: number) => 0, (node: number) => node, (node: number) => node % 9, (node: number) => node % 3];
  for (const other of others)
    t.true(
      bits <=
        naiveMapEquation(
          weights,
          labels.map((_, node) => other(node)),
        ) +
          1e-10,
    );
  // No single node could go elsewhere for fewer bits.
  for (let node = 0; node < 90; node += 7) {
    for (const module of new Set(labels)) {
      const moved = labels.with(node, module);
      t.true(naiveMapEquation(weights, moved) >= bits - 1e-9);
    }
  }
});

test('Chinese whispers: when it ends, every node has the label with the most weight around it', (t) => {
  for (let seed = 0; seed < 5; seed++) {
    const weights = drawWeights(80, (a, b) => (a % 6 === b % 6 ? 0.5 : 0.05), seed);
    const { labels, rounds } = chineseWhispers(graphFrom(weights), createRng(seed));
    t.true(rounds < 100);
    labels.forEach((own, node) => {
      const around = (label: number) => weights[node].reduce((sum, w, b) => sum + (labels[b] === label ? w : 0), 0);
      for (const label of new Set(labels)) t.true(around(own) >= around(label) - 1e-12);
    });
  }
});
