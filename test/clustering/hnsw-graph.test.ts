import test from 'ava';
import plugin from '../../clustering/hnsw-graph.js';
import { loadHnswlib } from '../../src/cluster/neighbours/hnswlib.js';
import { nmi } from '../../src/eval/clustering-metrics.js';
import { drawMixture } from '../cluster/mixture.js';

const searches = 'failure' in (await loadHnswlib()) ? ['exact'] : ['exact', 'hnsw'];

type Data = Pick<ReturnType<typeof drawMixture>, 'points' | 'rows' | 'size'>;
const run = ({ points, rows, size }: Data, options: Record<string, unknown> = {}, lines: string[] = [], seed = 1) =>
  plugin.cluster({
    points,
    rows,
    size,
    seed,
    device: 'cpu',
    threads: 0,
    log: (line) => void lines.push(line),
    options: plugin.options.parse(options),
  });

for (const community of ['infomap', 'chinese-whispers']) {
  for (const search of searches) {
    test(`${community}, ${search}: finds a mixture and the number of its clouds`, async (t) => {
      const drawn = drawMixture(800, 16, 25, 0.3, 2);
      const lines: string[] = [];
      const found = await run(drawn, { community, search }, lines);
      const members = drawn.truth.filter((_, row) => found.labels[row] >= 0);
      t.true(members.length >= 0.9 * 800);
      t.true(
        nmi(
          found.labels.filter((label) => label >= 0),
          members,
        ) > 0.97,
      );
      t.true(Math.abs(found.clusters - 25) <= 6, `${found.clusters}`);
      t.is(found.centers.length, found.clusters * 16);
      t.regex(lines.join(), new RegExp(`${community}: ${found.clusters} clusters after \\d+ rounds`));
      t.deepEqual(await run(drawn, { community, search }), found);
    });
  }
}

test('a threshold parts what neighbours join; more noise is rejected when asked', async (t) => {
  const drawn = drawMixture(200, 8, 4, 0.2, 3);
  // So many neighbours that every cloud reaches into the others.
  const joined = await run(drawn, { neighbours: 120, threshold: -1, community: 'chinese-whispers' });
  const parted = await run(drawn, { neighbours: 120, threshold: 0.7, community: 'chinese-whispers' });
  t.true(joined.clusters <= 4);
  t.is(nmi(parted.labels, drawn.truth), 1);
  const fewer = await run(drawn, { threshold: 0.7, noise: { farthest: 0.1, sparsest: 0.1 } });
  const noise = fewer.labels.filter((label) => label === -1).length;
  t.true(noise >= 20 && noise <= 40, `${noise}`);
});

test('small clusters are noise', async (t) => {
  const cloud = drawMixture(50, 8, 1, 0.1, 4);
  const pair = drawMixture(2, 8, 1, 0.1, 5);
  const points = Float32Array.from([...cloud.points, ...pair.points]);
  const data = { points, rows: 52, size: 8 };
  const small = await run(data, { threshold: 0.9 });
  t.deepEqual([small.clusters, ...small.labels.subarray(50)], [1, -1, -1]);
  t.is((await run(data, { threshold: 0.9, minSize: 2 })).clusters, 2);
});

test('equal rows, rows many times over, and fewer rows than neighbours', async (t) => {
  for (const search of searches) {
    for (const community of ['infomap', 'chinese-whispers']) {
      const equal = { points: new Float32Array(90).fill(0.5), rows: 30, size: 3 };
      const one = await run(equal, { search, community });
      t.deepEqual([one.clusters, new Set(one.labels).size], [1, 1]);
      t.true(one.inertia < 1e-6);
      const different = drawMixture(6, 12, 6, 1, 6);
      const points = Float32Array.from({ length: 6 * 40 * 12 }, (_, i) => different.points[i % 72]);
      const many = await run({ points, rows: 240, size: 12 }, { search, community });
      t.is(
        nmi(
          many.labels,
          many.labels.map((_, row) => row % 6),
        ),
        1,
      );
    }
    const few = drawMixture(5, 3, 1, 0.1, 7);
    t.is((await run(few, { search, neighbours: 50, threshold: 0 })).clusters, 1);
  }
});

test("bad input is the user's to mend", async (t) => {
  const { points, rows, size } = drawMixture(20, 3, 4, 1, 8);
  const one = { points: points.slice(0, 3), rows: 1, size };
  t.deepEqual([...(await run(one, { minSize: 1 })).labels], [0]);
  const nan = points.slice();
  nan[7] = Number.NaN;
  const zeros = points.slice().fill(0, 9, 12);
  const refusals: [Data, Record<string, unknown>, RegExp][] = [
    [one, {}, /All 1 rows were rejected as noise: clusters need 3 rows, and the largest of 1 has 1/],
    [{ points: nan, rows, size }, {}, /1 of 20 rows .*NaN.* row 2/],
    [{ points: zeros, rows, size }, {}, /only zeros.* row 3/],
    [{ points: new Float32Array(0), rows: 0, size }, {}, /nothing to cluster/],
    [{ points, rows, size }, { threshold: 1 }, /All 20 rows were rejected as noise.*largest of 20 has 1/],
    [{ points, rows, size }, { noise: { farthest: 1 } }, /All 20 rows were rejected as noise/],
  ];
  for (const [data, options, message] of refusals) {
    await t.throwsAsync(run(data, options), { name: 'UserError', message });
  }
});
