/**
 * k-means beside faiss-cpu, from the same saved centroids, round after round in one run (Linux):
 *
 *   node dist/bench/speed/kmeans.js --python VENV/bin/python [--mode iteration|ten] [--rows 1000000] [--size 192] [--clusters 7500]
 *     [--metric l2] [--rounds 1] [--threads 2]
 *
 * `iteration` times the first iteration, from the call on; `ten` ten iterations in one go. VENV needs numpy and faiss-cpu. Standard
 * output: one line of JSON; ratios below 1 mean that voxloop is faster. `inertia` is about the centres that the rows were assigned
 * to in the last iteration: the second and the tenth. Memory is the growth of the peak resident size beyond data and library.
 */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { kmeans } from '../../src/cluster/kmeans/kmeans.js';
import { openSession } from '../../src/engine/session/session.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    mode: { type: 'string', default: 'iteration' },
    rows: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '192' },
    clusters: { type: 'string', default: '7500' },
    metric: { type: 'string', default: 'l2' },
    rounds: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
  },
});
const [rows, size, clusters, rounds, threads] = (['rows', 'size', 'clusters', 'rounds', 'threads'] as const).map(
  (name) => Number(values[name]),
);
const metric = values.metric === 'cosine' ? 'cosine' : 'l2';
const ten = values.mode === 'ten';

interface Round {
  /** Seconds of the first iteration, of ten of them, or of two passes. */
  first: number;
  all: number;
  inertia: number;
  grownBytes: number;
}

/** Reads numbers straight into their array: a detour would leave freed memory behind that hides what k-means takes. */
function readFloats(file: string, count: number): Float32Array {
  const floats = new Float32Array(count);
  const bytes = new Uint8Array(floats.buffer);
  const descriptor = openSync(file, 'r');
  const header = fstatSync(descriptor).size - bytes.length;
  for (let at = 0; at < bytes.length; ) {
    at += readSync(descriptor, bytes, at, Math.min(2 ** 26, bytes.length - at), header + at);
  }
  closeSync(descriptor);
  return floats;
}

const statusBytes = (field: string): number =>
  1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))![1]);

function startPeer(dir: string) {
  const script = fileURLToPath(new URL('../../../bench/speed/faiss_kmeans.py', import.meta.url));
  const files = [join(dir, 'points.npy'), join(dir, 'centroids.npy')];
  const peer = spawn(values.python, [script, ...files, metric, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: peer.stdout })[Symbol.asyncIterator]();
  const answer = async <T>() => JSON.parse((await lines.next()).value) as T;
  return {
    ready: answer<{ faiss: string }>(),
    round() {
      // By its statistics' inertia of the second iteration, the first one's centres are judged.
      peer.stdin.write(`${ten ? 10 : 2}\n`);
      return answer<Round>();
    },
    end: () => peer.stdin.end(),
  };
}

async function ours(points: Float32Array, init: Float32Array, standing: number): Promise<Round> {
  const session = openSession({ device: 'cpu', threads });
  const begin = performance.now();
  const ends: number[] = [];
  let assigned = 0;
  const found = await kmeans(session, {
    points,
    rows,
    size,
    clusters,
    metric,
    init,
    seed: 0,
    restarts: 1,
    iterations: ten ? 10 : 1,
    onIteration(iteration) {
      ends.push((performance.now() - begin) / 1000);
      assigned = iteration.assigned;
      console.error(`  ${ends.at(-1)!.toFixed(1)} s: ${JSON.stringify(iteration)}`);
    },
  });
  const whole = (performance.now() - begin) / 1000;
  await session.close();
  return {
    first: ends[0],
    all: ten ? (ends[9] ?? whole) : whole,
    inertia: ten ? assigned : found.inertia,
    grownBytes: statusBytes('VmHWM') - standing,
  };
}

async function warmUp(): Promise<void> {
  const session = openSession({ device: 'cpu', threads });
  const points = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i * i));
  const given = { points, rows: 512, size: 8, metric: 'l2', seed: 0, restarts: 1, iterations: 3 } as const;
  await kmeans(session, { ...given, clusters: 16, bounds: true });
  await session.close();
}

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const dir = mkdtempSync(join(tmpdir(), 'kmeans-'));
try {
  const maker = fileURLToPath(new URL('./kmeans-data.js', import.meta.url));
  const made = spawnSync(process.execPath, [maker, dir, ...[rows, size, clusters].map(String)], { stdio: 'inherit' });
  if (made.status !== 0) throw new Error('no data');
  const points = readFloats(join(dir, 'points.npy'), rows * size);
  const init = readFloats(join(dir, 'centroids.npy'), clusters * size);
  const peer = startPeer(dir);
  const { faiss } = await peer.ready;
  await warmUp();
  // Lets the peak of resident memory start again from here.
  writeFileSync('/proc/self/clear_refs', '5');
  const standing = statusBytes('VmRSS');

  const pairs: { here: Round; there: Round }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [here, there] = [await ours(points, init, standing), await peer.round()];
    pairs.push({ here, there });
    console.error(`round ${round + 1}: ${JSON.stringify({ voxloop: here, faiss: there })}`);
  }
  peer.end();
  const key = ten ? 'all' : 'first';
  const ratios = pairs.map(({ here, there }) => here[key] / there[key]);
  const { here, there } = pairs[rounds - 1];
  const figures = {
    faiss,
    mode: ten ? 'ten' : 'iteration',
    rows,
    size,
    clusters,
    metric,
    threads,
    ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
    seconds: { voxloop: pairs.map((pair) => pair.here[key]), faiss: pairs.map((pair) => pair.there[key]) },
    inertia: { voxloop: here.inertia, faiss: there.inertia, difference: here.inertia / there.inertia - 1 },
    grownMB: { voxloop: Math.round(here.grownBytes / 1e6), faiss: Math.round(there.grownBytes / 1e6) },
  };
  console.log(JSON.stringify(figures));
} finally {
  rmSync(dir, { recursive: true });
}
