import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { TensorFlowError } from '../../engine/graph/c-api.js';
import { locateLibrary } from '../../engine/library/locate.js';
import { hasNvidiaDriver } from '../../engine/library/platform.js';
import { UserError } from '../../errors.js';
import { tryLock } from '../../io/lock.js';
import type { ResolvedConfig } from '../../pipeline/config/config.js';
import { describeRun } from '../../pipeline/run/environment.js';
import { listenForInterrupt } from '../../pipeline/run/interrupt.js';
import { lockRun } from '../../pipeline/run/lock.js';
import { checkStages } from '../../pipeline/run/run.js';
import { planRun, removeForced } from '../../pipeline/run/run-plan.js';
import { allowedSources } from '../../pipeline/workers/addresses.js';
import type { Cluster } from '../../pipeline/workers/cluster.js';
import { followPipeline } from '../../pipeline/workers/follow.js';
import { freePorts } from '../../pipeline/workers/free-ports.js';
import { describeGpus, gpusOfWorkers, sharing, visibleGpus } from '../../pipeline/workers/gpus.js';
import { PLACE, type WorkerPlace, workerPlace } from '../../pipeline/workers/place.js';
import { meet } from '../../pipeline/workers/rendezvous.js';
import { type Started, supervise } from '../../pipeline/workers/supervise.js';
import { openWorker } from '../../pipeline/workers/worker.js';
import { type Job, runAlone, say } from './run-recipe.js';

/** How the workers of a run are started and watched. */
export interface WorkersOptions {
  cluster: Cluster;
  /** Network addresses that may connect. */
  sources: string[];
  wire: 'float32' | 'bfloat16';
  allowNetwork: boolean;
  timeoutSeconds: number;
  restarts: number;
  /** Go on with fewer workers when the restarts are used up. */
  fewer: boolean;
  /** The GPU of each worker of this machine, in order; undefined where they compute on CPUs. */
  gpus?: string[];
  /** Emptied before every attempt: a worker that is killed leaves there what it has written. */
  scratch: string;
}

/** The flags of a run with workers. */
interface WorkersFlags {
  wire: 'float32' | 'bfloat16';
  allowNetwork?: boolean;
  workerTimeout: number;
  restarts: number;
  fewerWorkers?: boolean;
}

/** Starts the workers of this machine and watches them; sets the exit code of the run. */
export async function superviseWorkers(job: Job, cluster: Cluster, flags: WorkersFlags): Promise<void> {
  const { wire, allowNetwork = false, workerTimeout: timeoutSeconds, restarts, fewerWorkers: fewer = false } = flags;
  if (fewer && cluster.addresses)
    throw new UserError('--fewer-workers is for the workers of one machine. Leave it out, or take --workers alone.');
  const sources = cluster.addresses ? await allowedSources(cluster.addresses, { allowNetwork, say }) : [];
  await runWorkers(job, { cluster, sources, wire, allowNetwork, timeoutSeconds, restarts, fewer });
}

async function runWorkers(job: Job, options: Omit<WorkersOptions, 'scratch' | 'gpus'>): Promise<void> {
  const { cluster } = options;
  const { config, registry, dir, forced } = job;
  const leads = cluster.local.includes(0);
  const release = leads ? lockRun(dir) : lockRun(dir, `lock.machine-${cluster.local[0]}`);
  const scratch = mkdtempSync(join(tmpdir(), 'voxloop-workers-'));
  const { signal, stop } = listenForInterrupt(say);
  try {
    const gpus = gpusOfWorkers({ cluster, device: config.device, gpus: visibleGpus(), usable: canUseGpu() });
    const plan = planRun(config, dir, registry, forced);
    await checkStages(plan, { config, registry, workers: { count: cluster.count }, log: say });
    if (leads) removeForced(plan, dir, forced);
    const onGpus = gpus ? `, on ${describeGpus(gpus)}` : '';
    say(`${config.name}: ${cluster.count} workers, of which this machine runs ${cluster.local.length}${onGpus}`);
    process.exitCode = await superviseAll(job, { ...options, scratch, gpus }, signal);
  } finally {
    stop();
    rmSync(scratch, { recursive: true, force: true });
    release();
  }
}

/** Supervises the workers, and, where that is asked for, fewer of them when so many do not hold out; returns the exit code. */
async function superviseAll(job: Job, options: WorkersOptions, signal: AbortSignal): Promise<number> {
  const { cluster, restarts, timeoutSeconds, fewer } = options;
  const { count, local } = cluster;
  const { dir } = job;
  const code = await supervise({
    restarts,
    timeoutSeconds,
    signal,
    say,
    async start() {
      const others = count > local.length;
      const meeting = others ? await meet(dir, { ranks: local, count, signal, say }) : undefined;
      return { workers: await startWorkers(options), outdated: meeting?.outdated };
    },
  });
  if (code !== 1 || !fewer) return code;
  const less = await fewerWorkers(job, count);
  if (less === undefined) return code;
  say(`the run goes on with ${less} workers; its results are not those of ${count}`);
  return superviseAll(job, { ...options, cluster: { count: less, local: [...Array(less).keys()] } }, signal);
}

/** The largest number of workers below `count`, two at least, that can share the batches of what is still to do. */
async function fewerWorkers({ config, registry, dir }: Job, count: number): Promise<number | undefined> {
  for (let less = count - 1; less >= 2; less--) {
    try {
      await checkStages(planRun(config, dir, registry), { config, registry, workers: { count: less }, log: () => {} });
      return less;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return undefined;
}

/** TensorFlow for GPUs is what would be loaded, and there is a driver. */
function canUseGpu(): boolean {
  try {
    return hasNvidiaDriver() && locateLibrary().gpu;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Starts a process for each worker of this machine: the same command, with its place in the environment. */
async function startWorkers({
  cluster,
  sources,
  wire,
  allowNetwork,
  timeoutSeconds,
  scratch,
  gpus,
}: WorkersOptions): Promise<Started[]> {
  const { local } = cluster;
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { mode: 0o700 });
  // Of one machine alone, every attempt has new ports: the ones before may not be free yet.
  const addresses = cluster.addresses ?? (await freePorts(cluster.count)).map((port) => `127.0.0.1:${port}`);
  const portsNamed = cluster.addresses !== undefined;
  const place = { addresses, portsNamed, sources, allowNetwork, wire, timeoutSeconds, scratch, local: local.length };
  return local.map((rank, i) => {
    const gpu = gpus?.[i];
    return startWorker({ ...place, rank, gpu, sharing: gpu === undefined ? local.length : sharing(gpu, gpus!) });
  });
}

const LINES_KEPT = 20;

function startWorker(place: WorkerPlace): Started {
  const { rank, gpu } = place;
  const [entry, ...args] = process.argv.slice(1);
  const child = fork(entry, args, {
    env: { ...process.env, ...(gpu !== undefined && { CUDA_VISIBLE_DEVICES: gpu }), [PLACE]: JSON.stringify(place) },
    // The first worker speaks for all of them.
    stdio: rank === 0 ? ['ignore', 'inherit', 'inherit', 'ipc'] : ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let lines: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lines = lines.concat(text.split('\n').filter(Boolean)).slice(-LINES_KEPT);
  });
  return { rank, child, lastLines: () => lines.map((line) => `worker ${rank}: ${line}`).join('\n') };
}

/** Runs a recipe as one of several workers; ends the process. */
export async function runAsWorker({ config, registry, dir }: Job): Promise<void> {
  const place = workerPlace.parse(JSON.parse(process.env[PLACE]!));
  await takePlace(dir, place.rank);
  const threads = config.threads || Math.max(1, Math.floor(availableParallelism() / place.local));
  const shared: ResolvedConfig = { ...config, threads, device: place.gpu === undefined ? 'cpu' : 'gpu' };
  try {
    const { group, signal } = openWorker(place, threads);
    if (place.rank === 0) await runAlone({ config: shared, registry, dir, forced: [] }, { signal, workers: group });
    else {
      const environment = describeRun(shared);
      const { scratch } = place;
      await followPipeline({ config: shared, registry, dir, environment, signal, workers: group, scratch });
    }
  } catch (error) {
    if (!(error instanceof TensorFlowError)) throw error;
    // Another worker's end, most often, which the supervisor tells of, or a port that was free a moment ago: no stack of ours would say more.
    say(`worker ${place.rank}: ${error.message.split('\n').slice(0, 3).join(' ')}`);
    process.exitCode = 1;
  }
}

const TAKEN_MS = 60_000;

/** A worker whose supervisor was killed ends by itself; on a machine with much else to do that takes a while. */
async function takePlace(dir: string, rank: number): Promise<void> {
  const path = join(dir, `lock.worker-${rank}`);
  for (const from = performance.now(); ; await setTimeout(50)) {
    const release = tryLock(path);
    if (release) return void process.once('exit', release);
    if (performance.now() - from > TAKEN_MS)
      throw new UserError(
        `${path}: another process is worker ${rank} of this run. Wait for it, or choose another --out.`,
      );
  }
}
