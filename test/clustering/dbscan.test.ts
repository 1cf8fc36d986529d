import test, { type ExecutionContext } from 'ava';
import plugin, { type DbscanOptions, dbscan, kneeOf } from '../../clustering/dbscan.js';
import type { Clustering } from '../../src/cluster/clustering.js';
import { preparePoints } from '../../src/cluster/points.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { createRng } from '../../src/random.js';
import { toRows } from '../cluster/kmeans/naive-kmeans.js';
import { drawMixture } from '../cluster/mixture.js';
import { withSession } from '../helpers/session.js';
import { naiveDbscan } from './naive-dbscan.js';

type Drawn = ReturnType<typeof drawMixture>;
const run = ({ points, rows, size }: Drawn, options: Partial<DbscanOptions>) =>
  withSession((session) =>
    dbscan(session, preparePoints(points, rows, size, 'cosine'), {
      minPoints: 5,
      epsilon: 'auto',
      search: 'exact',
      seed: 1,
      ...options,
    }),
  );

/** Core rows have the naive clusters, border rows that of the nearest core row within reach, all others none. */
function isDbscan(t: ExecutionContext, found: Clustering, { points, size }: Drawn, minPoints: number, epsilon: number) {
  const { cosines, reach, core, clusters, count } = naiveDbscan(toRows(points, size), minPoints, epsilon);
  t.is(found.clusters, count);
  const names = new Map<number, number>();
  core.forEach((isCore, row) => {
    if (!isCore) return;
    if (!names.has(clusters[row])) names.set(clusters[row], found.labels[row]);
    t.is(found.labels[row], names.get(clusters[row])!);
  });
  t.is(new Set(names.values()).size, count);
  core.forEach((isCore, row) => {
    if (isCore) return;
    const around = reach[row].filter((other) => core[other]).sort((a, b) => cosines[row][b] - cosines[row][a]);
    t.is(found.labels[row], around.length === 0 ? -1 : names.get(clusters[around[0]])!);
  });
}

for (const [minPoints, epsilon] of [
  [1, 0.02],
  [2, 0.05],
  [5, 0.1],
  [12, 0.2],
  // Far more rows within reach than are listed.
  [4, 0.6],
] as const) {
  test(`core, border and noise rows as all pairs give them: ${minPoints} rows within ${epsilon}`, async (t) => {
    for (const seed of [1, 2]) {
      const drawn = drawMixture(220, 4, 9, 0.3, seed);
      isDbscan(t, await run(drawn, { minPoints, epsilon }), drawn, minPoints, epsilon);
    }
  });
}

test('two dense groups within reach of each other are one, though none lists a row of the other', async (t) => {
  const rng = createRng(1);
  const points = Float32Array.from({ length: 80 * 2 }, (_, i) => {
    const angle = (Math.floor(i / 2) % 2) * 0.1;
    return (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)) + 0.001 * rng.normal();
  });
  const drawn = { points, rows: 80, size: 2, truth: new Int32Array(80) };
  const cosine = Math.cos(0.1);
  t.is((await run(drawn, { epsilon: 1 - cosine + 0.002 })).clusters, 1);
  t.is((await run(drawn, { epsilon: 1 - cosine - 0.002 })).clusters, 2);
});

test("the reach found by itself: clouds are clusters, rows between them noise; the plugin's defaults", async (t) => {
  const clouds = drawMixture(400, 16, 8, 0.15, 3);
  const rng = createRng('stray');
  const stray = Float32Array.from({ length: 40 * 16 }, () => rng.normal());
  const points = Float32Array.from([...clouds.points, ...stray]);
  const context = { points, rows: 440, size: 16, seed: 1, device: 'cpu' as const, threads: 0 };
  const lines: string[] = [];
  const { labels, clusters, centers, inertia } = await plugin.cluster({
    ...context,
    options: plugin.options.parse({}),
    log: (line) => void lines.push(line),
  });
  t.is(clusters, 8);
  t.is(nmi(labels.subarray(0, 400), clouds.truth), 1);
  t.true(labels.subarray(400).every((label) => label === -1));
  t.is(centers.length, 8 * 16);
  t.true(inertia > 0 && inertia < 400 * 0.1);
  t.regex(lines.join(), /DBSCAN: reach 0\.\d+, 8 clusters, 40 of 440 rows are noise/);
});

test('the knee of sorted numbers', (t) => {
  t.is(kneeOf(Float64Array.of(9, 1, 1.1, 8, 1.3, 1.2, 7)), 1.3);
  t.is(kneeOf(Float64Array.of(3, 1, 2)), 3);
  t.is(kneeOf(Float64Array.of(0.5, 0.5)), 0.5);
  t.is(kneeOf(new Float64Array(0)), 0);
});

test('equal rows are one cluster; one row, and rows that are all far from each other', async (t) => {
  const equal = { points: new Float32Array(120).fill(0.3), rows: 40, size: 3, truth: new Int32Array(40) };
  for (const epsilon of ['auto', 0] as const) t.is((await run(equal, { epsilon })).clusters, 1);
  const one = { ...equal, points: new Float32Array(3).fill(1), rows: 1 };
  t.deepEqual([...(await run(one, { minPoints: 1 })).labels], [0]);
  await t.throwsAsync(run(one, {}), { name: 'UserError', message: /needs 5 rows within reach.* only 1/ });
  const far = { points: Float32Array.of(1, 0, 0, 1, -1, 0, 0, -1), rows: 4, size: 2, truth: new Int32Array(4) };
  const refused = run(far, { minPoints: 2, epsilon: 0.1 });
  await t.throwsAsync(refused, { name: 'UserError', message: /All 4 rows were rejected as noise/ });
});
