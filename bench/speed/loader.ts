/**
 * Measures the crop loader: how many batches a second it reads, what a batch costs the main thread, and how long a
 * training step would wait.
 *
 *   node dist/bench/speed/loader.js
 *
 * 48 utterances x (2 global crops of 1.5 s + 4 local ones of 1 s) from 200 MB of shards, which lie in the page cache.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, createLoader } from '../../src/data/crops/loader.js';
import { buildShards } from '../../src/data/shards/build.js';
import { openShards, type ShardSet } from '../../src/data/shards/shards.js';
import { createRng } from '../../src/random.js';

const SHARD_BYTES = 200e6;
const BATCHES = 300;
const STEPS = 50;
const STEP_MS = 100;
const PLAN = { count: { global: 2, local: 4 }, samples: { global: 24000, local: 16000 } };

/** Utterances of 4 to 12 s that share one piece of noise. */
async function synthesize(dir: string): Promise<{ shards: ShardSet; seconds: number }> {
  const rng = createRng('bench/speed/loader');
  const noise = Float32Array.from({ length: 192000 }, () => 0.1 * rng.normal());
  const lengths: number[] = [];
  for (let bytes = 0; bytes < SHARD_BYTES; bytes += 2 * lengths.at(-1)!) lengths.push(64000 + rng.int(128000));
  const utterances = lengths.map((_, i) => ({ id: `u${i}`, path: `/${i}` }));
  const decode = async (path: string) => noise.subarray(0, lengths[Number(path.slice(1))]);
  const from = performance.now();
  await buildShards({ dir, utterances, decode, maxShardBytes: 64 * 2 ** 20 });
  return { shards: openShards(dir), seconds: (performance.now() - from) / 1000 };
}

/** Takes batches as fast as they come. Main-thread time is what the event loop was busy. */
async function throughput(shards: ShardSet, workers: number, use: (batch: Batch) => void) {
  const loader = createLoader({ shards, batchSize: 48, plan: PLAN, seed: 1, workers });
  for (let i = 0; i < 10; i++) (await loader.next()).release();
  const idle = performance.eventLoopUtilization();
  const from = performance.now();
  for (let i = 0; i < BATCHES; i++) {
    const batch = await loader.next();
    use(batch);
    batch.release();
  }
  const ms = performance.now() - from;
  const { active } = performance.eventLoopUtilization(idle);
  await loader.close();
  return { batchesPerSecond: round((1000 * BATCHES) / ms), mainThreadMsPerBatch: round(active / BATCHES) };
}

/** Waits `STEP_MS` after each batch, as a training step does that runs in other threads. */
async function waiting(shards: ShardSet) {
  const loader = createLoader({ shards, batchSize: 48, plan: PLAN, seed: 1 });
  (await loader.next()).release();
  const first = loader.stats().waitMs;
  const from = performance.now();
  for (let i = 0; i < STEPS; i++) {
    const batch = await loader.next();
    await sleep(STEP_MS);
    batch.release();
  }
  const share = (loader.stats().waitMs - first) / (performance.now() - from);
  await loader.close();
  return { stepMs: STEP_MS, waitMsBeforeFirstBatch: round(first), waitShare: Number(share.toFixed(5)) };
}

const round = (value: number): number => Number(value.toPrecision(3));

const dir = mkdtempSync(join(tmpdir(), 'voxloop-bench-'));
try {
  const { shards, seconds } = await synthesize(join(dir, 'shards'));
  const copy = new Int16Array(48 * 2 * 24000);
  const localCopy = new Int16Array(48 * 4 * 16000);
  const feed = ({ global, local }: Batch) => {
    copy.set(global);
    if (local) localCopy.set(local);
  };
  const result = {
    build: { utterances: shards.ids.length, megabytesPerSecond: round(SHARD_BYTES / 1e6 / seconds) },
    oneThread: await throughput(shards, 1, () => undefined),
    twoThreads: await throughput(shards, 2, () => undefined),
    oneThreadAndCopy: await throughput(shards, 1, feed),
    training: await waiting(shards),
  };
  console.log(JSON.stringify(result, null, 2));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
