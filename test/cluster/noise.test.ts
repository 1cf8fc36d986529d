import test from 'ava';
import { clusteringOfLabels } from '../../src/cluster/clustering-of-labels.js';
import { neighbourGraph, neighbourThreshold } from '../../src/cluster/neighbours/graph.js';
import type { Neighbours } from '../../src/cluster/neighbours/neighbours.js';
import { preparePoints } from '../../src/cluster/points.js';
import { rejectNoise } from '../../src/cluster/reject-noise.js';
import { createRng } from '../../src/random.js';
import { squaredDistance, toRows, unitRow } from './kmeans/naive-kmeans.js';
import { drawMixture } from './mixture.js';
import { naiveNeighbours } from './neighbours/naive-neighbours.js';

type Drawn = ReturnType<typeof drawMixture>;
type Metric = 'cosine' | 'l2';

function listed({ points, rows, size }: Drawn, count: number): Neighbours {
  const all = naiveNeighbours(toRows(points, size), count).flat();
  const indices = Int32Array.from(all, ({ row }) => row);
  return { rows, count, indices, similarities: Float32Array.from(all, (item) => item.similarity), exact: true };
}

/** Means of the members of each cluster, by cosine of unit rows and of length 1, and the squared distances to them. */
function naiveCenters({ points, size }: Drawn, labels: Int32Array, clusters: number, metric: Metric) {
  const rows = toRows(points, size).map((row) => (metric === 'cosine' ? unitRow(row) : row));
  const centers = Array.from({ length: clusters }, (_, cluster) => {
    const members = rows.filter((_, i) => labels[i] === cluster);
    const mean = members.reduce((sum, row) => sum.map((x, j) => x + row[j])).map((x) => x / members.length);
    return metric === 'cosine' ? unitRow(mean) : mean;
  });
  const inertia = rows.reduce((sum, row, i) => sum + (labels[i] < 0 ? 0 : squaredDistance(row, centers[labels[i]])), 0);
  return { centers, inertia, distances: rows.map((row, i) => squaredDistance(row, centers[Math.max(0, labels[i])])) };
}

for (const metric of ['cosine', 'l2'] as const) {
  test(`${metric}: a clustering of labels: small clusters are noise, centres and inertia are those of the rows left`, (t) => {
    const drawn = drawMixture(90, 4, 6, 0.4, 1);
    const points = preparePoints(drawn.points, 90, 4, metric);
    // Clusters 70 and 10 keep 30 rows each, 40 has two, the others are noise.
    const labels = new Int32Array(90).map((_, i) => (i % 3 === 0 ? 70 : i % 3 === 1 ? 10 : i < 8 ? 40 : -1));
    const found = clusteringOfLabels(points, labels, { leastSize: 3, iterations: 4 });
    t.deepEqual(
      [...found.labels],
      [...labels].map((label) => (label === 70 ? 0 : label === 10 ? 1 : -1)),
    );
    t.deepEqual([found.clusters, found.iterations], [2, 4]);
    const expected = naiveCenters(drawn, found.labels, 2, metric);
    expected.centers.flat().forEach((value, i) => void t.true(Math.abs(found.centers[i] - value) < 1e-6));
    t.true(Math.abs(found.inertia - expected.inertia) < 1e-6 * expected.inertia);
    const nothing = { name: 'UserError', message: /All 90 rows.*need 31 rows, and the largest of 3 has 30/ };
    t.throws(() => clusteringOfLabels(points, labels, { leastSize: 31 }), nothing);
    const none = { name: 'UserError', message: /All 90 rows were rejected/ };
    t.throws(() => clusteringOfLabels(points, labels.fill(-1)), none);
  });

  test(`${metric}: the rows farthest from their centres are rejected`, (t) => {
    const drawn = drawMixture(100, 5, 4, 0.5, 2);
    const points = preparePoints(drawn.points, 100, 5, metric);
    const before = clusteringOfLabels(points, drawn.truth);
    const { distances } = naiveCenters(drawn, before.labels, 4, metric);
    const kept = rejectNoise(points, before, { farthest: 0.15, sparsest: 0 });
    const worst = distances.map((_, row) => row).sort((a, b) => distances[b] - distances[a]);
    t.deepEqual(
      worst.slice(0, 15),
      worst.filter((row) => kept.labels[row] === -1),
    );
    const expected = naiveCenters(drawn, kept.labels, kept.clusters, metric);
    expected.centers.flat().forEach((value, i) => void t.true(Math.abs(kept.centers[i] - value) < 1e-6));
    t.true(Math.abs(kept.inertia - expected.inertia) < 1e-6 * expected.inertia);
    t.is(rejectNoise(points, before, { farthest: 0, sparsest: 0 }), before);
    t.throws(() => rejectNoise(points, before, { farthest: 1, sparsest: 0 }), {
      name: 'UserError',
      message: /All 100/,
    });
  });
}

test('rows in the sparsest neighbourhoods are rejected; equal rows together or not at all', (t) => {
  const drawn = drawMixture(60, 5, 3, 0.4, 3);
  const points = preparePoints(drawn.points, 60, 5, 'cosine');
  const before = clusteringOfLabels(points, drawn.truth);
  const neighbours = listed(drawn, 4);
  const means = naiveNeighbours(toRows(drawn.points, 5), 4).map((list) =>
    list.reduce((sum, a) => sum + a.similarity, 0),
  );
  const sparsest = means.map((_, row) => row).sort((a, b) => means[a] - means[b]);
  const { labels } = rejectNoise(points, before, { farthest: 0, sparsest: 0.1 }, neighbours);
  t.deepEqual(
    sparsest.slice(0, 6),
    sparsest.filter((row) => labels[row] === -1),
  );
  t.throws(() => rejectNoise(points, before, { farthest: 0, sparsest: 0.1 }), { message: /without neighbours/ });

  // A row that the search found no neighbours for is the sparsest.
  const lost = { ...neighbours, indices: neighbours.indices.slice() };
  lost.indices.fill(-1, 20, 24);
  t.is(rejectNoise(points, before, { farthest: 0, sparsest: 0.02 }, lost).labels[5], -1);

  const equal = preparePoints(new Float32Array(30).fill(1), 10, 3, 'cosine');
  const together = clusteringOfLabels(equal, new Int32Array(10));
  t.is(rejectNoise(equal, together, { farthest: 0.5, sparsest: 0 }), together);
});

test('a cluster that loses all its rows goes', (t) => {
  const points = preparePoints(Float32Array.of(1, 0, 1, 0.1, 0.5, 0.8, 0.5, -0.8, 0.9, 0), 5, 2, 'cosine');
  const before = clusteringOfLabels(points, Int32Array.of(0, 0, 1, 1, 0));
  const { labels, clusters } = rejectNoise(points, before, { farthest: 0.4, sparsest: 0 });
  t.deepEqual([[...labels], clusters], [[0, 0, -1, -1, 0], 1]);
});

test('the graph of neighbours: every pair once from both ends, none below the threshold or not above 0', (t) => {
  const drawn = drawMixture(80, 3, 80, 1, 4);
  const lists = naiveNeighbours(toRows(drawn.points, 3), 20);
  for (const threshold of [-1, 0.5, 0.9]) {
    const { nodes, offsets, targets, weights } = neighbourGraph(listed(drawn, 20), threshold);
    const expected = new Map<string, number>();
    lists.forEach((list, row) => {
      for (const { row: other, similarity } of list) {
        if (similarity < threshold || similarity <= 0) continue;
        for (const key of [`${row} ${other}`, `${other} ${row}`]) expected.set(key, similarity);
      }
    });
    const found = new Map<string, number>();
    for (let node = 0; node < nodes; node++) {
      for (let at = offsets[node]; at < offsets[node + 1]; at++) found.set(`${node} ${targets[at]}`, weights[at]);
    }
    t.is(found.size, targets.length);
    t.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    for (const [key, weight] of expected) t.true(Math.abs(found.get(key)! - weight) < 1e-6);
  }
});

test('the threshold lies between two kinds of neighbours; it leaves 95 % of the rows one, and all where there is one kind', (t) => {
  const rng = createRng(5);
  const of = (draw: (row: number, place: number) => number): Neighbours => {
    const lists = Array.from({ length: 400 }, (_, row) =>
      Array.from({ length: 10 }, (_, place) => draw(row, place)).sort((a, b) => b - a),
    );
    const similarities = Float32Array.from(lists.flat());
    return { rows: 400, count: 10, indices: new Int32Array(4000).fill(1), similarities, exact: true };
  };
  const between = neighbourThreshold(of((_, place) => (place < 5 ? 0.8 : 0.3) + 0.05 * rng.normal()));
  t.true(between > 0.45 && between < 0.65, `${between}`);
  // A tenth of the rows has distant neighbours only.
  const kept = of((row, place) => (place < 5 && row % 10 > 0 ? 0.8 : 0.3) + 0.05 * rng.normal());
  const threshold = neighbourThreshold(kept);
  const alone = kept.similarities.filter((similarity, at) => at % 10 === 0 && similarity < threshold);
  t.true(alone.length <= 20);
  t.is(neighbourThreshold(of(() => 1)), -1);
  t.is(
    neighbourThreshold({ ...kept, rows: 1, count: 0, indices: new Int32Array(0), similarities: new Float32Array(0) }),
    -1,
  );
});
