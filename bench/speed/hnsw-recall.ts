/**
 * Recall and seconds of HNSW beside the exact search, of points spread around centres as embeddings are around speakers:
 *
 *   node dist/bench/speed/hnsw-recall.js [--rows 100000] [--size 192] [--centers 2000] [--spread 0.7] [--count 10] [--threads 1]
 *     [--links 16] [--construction 40] [--search 40]
 *
 * Rows of one centre have a mean cosine of 1 / (1 + spread^2). Standard output: one line of JSON; recall is the share of the exact
 * nearest neighbours that HNSW finds, over all rows.
 */
import { parseArgs } from 'node:util';
import { exactNeighbours } from '../../src/cluster/neighbours/exact.js';
import { hnswNeighbours } from '../../src/cluster/neighbours/hnsw.js';
import { loadHnswlib } from '../../src/cluster/neighbours/hnswlib.js';
import type { Neighbours } from '../../src/cluster/neighbours/neighbours.js';
import { preparePoints } from '../../src/cluster/points.js';
import { openSession } from '../../src/engine/session/session.js';
import { createRng } from '../../src/random.js';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    size: { type: 'string', default: '192' },
    centers: { type: 'string', default: '2000' },
    spread: { type: 'string', default: '0.7' },
    count: { type: 'string', default: '10' },
    threads: { type: 'string', default: '1' },
    links: { type: 'string' },
    construction: { type: 'string' },
    search: { type: 'string' },
  },
});
const [rows, size, centers, count, threads] = (['rows', 'size', 'centers', 'count', 'threads'] as const).map((name) =>
  Number(values[name]),
);
const numberOf = (value: string | undefined) => (value === undefined ? undefined : Number(value));

function makePoints(): Float32Array {
  const rng = createRng(1);
  const places = Float32Array.from({ length: centers * size }, () => rng.normal());
  return Float32Array.from({ length: rows * size }, (_, i) => {
    const center = Math.floor(i / size) % centers;
    return places[center * size + (i % size)] + Number(values.spread) * rng.normal();
  });
}

function recallOf(found: Neighbours, truth: Neighbours): number {
  let hits = 0;
  for (let row = 0; row < rows; row++) {
    const nearest = new Set(truth.indices.subarray(row * count, (row + 1) * count));
    for (const other of found.indices.subarray(row * count, (row + 1) * count)) if (nearest.has(other)) hits++;
  }
  return hits / (rows * count);
}

/** CPU seconds too: on a busy machine they are what the work takes. */
async function timed<T>(act: () => Promise<T>) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const result = await act();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 } };
}

const library = await loadHnswlib();
if ('failure' in library) throw new Error(`hnswlib-node does not load: ${library.failure}`);
const points = preparePoints(makePoints(), rows, size, 'cosine');
const options = {
  count,
  seed: 1,
  links: numberOf(values.links),
  efConstruction: numberOf(values.construction),
  efSearch: numberOf(values.search),
};
const hnsw = await timed(() => hnswNeighbours(library, points, options));
console.error(`HNSW ${hnsw.seconds.wall.toFixed(1)} s`);
const session = openSession({ device: 'cpu', threads });
const exact = await timed(() => exactNeighbours(session, points, { count }));
await session.close();
const recall = recallOf(hnsw.result, exact.result);
console.log(JSON.stringify({ ...values, recall, seconds: { hnsw: hnsw.seconds, exact: exact.seconds } }));
