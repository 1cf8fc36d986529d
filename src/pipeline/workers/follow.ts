import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { WorkerGroup } from '../../engine/workers/group.js';
import type { Json } from '../../plugin/json.js';
import type { Progress, StageContext } from '../../plugin/stage.js';
import { memoryBytesOf } from '../config/config.js';
import { openInner } from '../run/inner-stages.js';
import { Interrupted, isInterruption } from '../run/interrupt.js';
import type { RunRequest } from '../run/run.js';
import { type PlannedStage, planRun } from '../run/run-plan.js';
import type { FinishedStage, RunParts } from '../run/run-stage.js';
import { readPartial, readRecord, stageFolder } from '../run/stage-folder.js';

const POLL_MS = 100;

const silent: Progress = { update: () => {}, line: () => {}, done: () => {} };

/** A run in a worker other than the first, whose stages and folder it follows. */
export type FollowRequest = Pick<RunRequest, 'config' | 'registry' | 'dir' | 'environment' | 'signal'> & {
  workers: WorkerGroup;
  /** Where what it writes for nobody lies meanwhile; a worker that is killed leaves it there. Default: the system's temporary folder. */
  scratch?: string;
};

/**
 * Goes through the stages of a run beside its first worker: takes part in those that have something for every worker, and waits for the
 * others, whose results it reads from the run's folder. Writes nothing in it but its shares of such stages.
 */
export async function followPipeline(request: FollowRequest): Promise<void> {
  const { config, dir, registry } = request;
  const finished = new Map<string, FinishedStage>();
  const parts: RunParts = {
    ...request,
    runDir: dir,
    finished,
    label: '',
    now: () => performance.now(),
    journal: () => {},
    progress: () => silent,
    log: () => {},
  };
  const scratch = request.scratch ?? tmpdir();
  for (const stage of planRun(config, dir, registry)) finished.set(stage.as, await followStage(stage, parts, scratch));
}

async function followStage(stage: PlannedStage, parts: RunParts, scratch: string): Promise<FinishedStage> {
  const folder = stageFolder(parts.dir, stage.as);
  const done = () => readRecord(folder)?.key === stage.key;
  const { inEveryWorker, besideFirst } = stage.plugin;
  const begun = () => (inEveryWorker || besideFirst) && readPartial(folder)?.attempt === stage.attempt;
  try {
    await until(() => done() || begun(), parts.signal);
    if (!done()) await (besideFirst ? shareUntil(done, stage, parts, scratch) : takePart(stage, parts, scratch));
    await until(done, parts.signal);
  } catch (error) {
    if (isInterruption(error, parts.signal)) throw new Interrupted();
    throw error;
  }
  const { result, seconds } = readRecord(folder)!;
  return { as: stage.as, dir: folder, stage: stage.stage, result, seconds };
}

async function until(condition: () => unknown, signal: AbortSignal): Promise<void> {
  while (!condition()) await setTimeout(POLL_MS, undefined, { signal });
}

/** Takes part until the first worker is done, which may need nothing more: an earlier attempt may have left all of it. */
async function shareUntil(done: () => boolean, stage: PlannedStage, parts: RunParts, scratch: string): Promise<void> {
  const over = new AbortController();
  const timer = setInterval(() => {
    if (done()) over.abort();
  }, POLL_MS);
  try {
    await takePart(stage, { ...parts, signal: AbortSignal.any([parts.signal, over.signal]) }, scratch);
  } catch (error) {
    if (!done()) throw error;
  } finally {
    clearInterval(timer);
  }
}

/** Does this worker's part of the stage; what it writes into its own folder is thrown away. */
async function takePart(stage: PlannedStage, parts: RunParts, scratch: string): Promise<void> {
  const folder = stageFolder(parts.dir, stage.as);
  const { config, registry, runDir, environment, signal, finished, workers } = parts;
  const inputs = stage.references.flatMap((name) => finished.get(name) ?? []);
  const perform = (part: PlannedStage, its: RunParts) => followStage(part, its, scratch);
  const inner = openInner({ folder, within: stage.as, inputs, parts, perform });
  const dir = mkdtempSync(join(scratch, 'voxloop-worker-'));
  const context: StageContext = {
    dir,
    checkpoints: folder,
    runDir,
    runName: config.name,
    environment: environment as Json,
    seed: config.seed,
    device: config.device,
    threads: config.threads,
    memoryBytes: memoryBytesOf(config),
    registry,
    workers,
    progress: silent,
    signal,
    // What an attempt before this one left, the first worker has kept or moved away by now.
    resume: true,
    log: () => {},
    inner: inner.run,
    artifact: (name) => inner.artifacts.get(name)!,
  };
  try {
    const { run, besideFirst } = stage.plugin;
    await (besideFirst ?? run)(context, stage.options);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
