import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askForDeterminism } from '../../engine/graph/deterministic.js';
import type { WorkerGroup } from '../../engine/workers/group.js';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { removeTemporary } from '../../io/remove-temporary.js';
import type { Json } from '../../plugin/json.js';
import type { Registry } from '../../plugin/plugin.js';
import type { CheckContext, Progress } from '../../plugin/stage.js';
import { memoryBytesOf, type ResolvedConfig } from '../config/config.js';
import { resolvedYaml } from '../config/resolved-yaml.js';
import { Interrupted } from './interrupt.js';
import { appendToJournal } from './journal.js';
import { lockRun } from './lock.js';
import { forgetProgress, recordedProgress } from './progress-file.js';
import { publish, withdrawPublished } from './published.js';
import { type PlannedStage, planRun, removeForced, titleOf } from './run-plan.js';
import { type FinishedStage, performStage, type RunParts } from './run-stage.js';

export interface RunRequest {
  config: ResolvedConfig;
  registry: Registry;
  dir: string;
  /** The content of environment.json. */
  environment: { [key: string]: Json };
  signal: AbortSignal;
  /** The display of a stage, by its title. */
  progress(title: string): Progress;
  log(line: string): void;
  /** Artifact names of stages to redo, with all that depend on them. */
  forced?: readonly string[];
  /** The last stage to run, by its artifact's name; default: all of them. */
  until?: string;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
  /** The processes that run it together, of which this is the first; the folder is theirs already. Default: this one alone. */
  workers?: WorkerGroup;
  /** Begins what goes on beside the run while it holds its folder; returns the function that ends it. */
  beside?: () => () => void;
}

/**
 * Runs the stages of a config in a run directory; finished stages are skipped, an unfinished one is resumed. Throws Interrupted
 * when the signal ended it, and whatever a stage throws.
 */
export async function runPipeline(request: RunRequest): Promise<FinishedStage[]> {
  const release = request.workers ? () => {} : lockRun(request.dir);
  try {
    return await runLocked(request);
  } finally {
    forgetProgress(request.dir);
    release();
  }
}

async function runLocked(request: RunRequest): Promise<FinishedStage[]> {
  const { config, registry, dir, environment, forced = [], now = () => performance.now() } = request;
  // Workers compute on CPUs, and have called the library by now.
  if (config.deterministic && !request.workers) askForDeterminism();
  const plan = planRun(config, dir, registry, forced);
  await checkStages(plan, { ...request, config });
  removeForced(plan, dir, forced);
  withdrawPublished(plan, dir);
  writeConfig(join(dir, 'config.yaml'), resolvedYaml(config));
  writeFileAtomic(join(dir, 'environment.json'), `${JSON.stringify(environment, null, 2)}\n`);
  const journal = (event: string, fields?: { [key: string]: Json }) =>
    appendToJournal(join(dir, 'journal.jsonl'), event, fields);

  journal('run-start', { name: config.name, seed: config.seed, pid: process.pid });
  const end = request.beside?.();
  try {
    return await performPlan(plan, { ...request, runDir: dir, now, journal });
  } finally {
    end?.();
  }
}

async function performPlan(
  plan: readonly PlannedStage[],
  request: Omit<RunParts, 'finished' | 'label'>,
): Promise<FinishedStage[]> {
  const { journal, runDir, until } = request;
  const progress = (title: string) => recordedProgress(request.progress(title), { runDir, stage: title });
  const finished = new Map<string, FinishedStage>();
  for (const [index, stage] of plan.entries()) {
    if (request.signal.aborted) throw new Interrupted();
    const label = `${index + 1}/${plan.length} ${titleOf(stage)}`;
    const done = await performStage(stage, { ...request, progress, finished, label });
    publish(stage, done.dir, runDir);
    finished.set(stage.as, done);
    if (stage.as === until) break;
  }
  removeTemporary(runDir, 0);
  journal('run-done');
  return [...finished.values()];
}

/** A run may be started from its own config.yaml, which then stays as it is. */
function writeConfig(path: string, yaml: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== yaml) writeFileAtomic(path, yaml);
}

/** Runs the check of every stage that is to run; throws one UserError with all problems. */
export async function checkStages(
  plan: readonly PlannedStage[],
  {
    config,
    registry,
    workers,
    log,
  }: { config: ResolvedConfig; registry: Registry; workers?: CheckContext['workers']; log(line: string): void },
): Promise<void> {
  const { seed, device, threads } = config;
  const context: CheckContext = { seed, device, threads, memoryBytes: memoryBytesOf(config), registry, workers, log };
  // A problem of several stages is reported once, for the first of them.
  const problems = new Map<string, string>();
  for (const stage of plan) {
    if (stage.state === 'done' || stage.plugin.check === undefined) continue;
    for (const problem of await problemsOf(stage, context)) {
      if (!problems.has(problem)) problems.set(problem, `${titleOf(stage)}: ${problem}`);
    }
  }
  if (problems.size > 0) throw new UserError([...problems.values()].join('\n'));
}

async function problemsOf({ plugin, options }: PlannedStage, context: CheckContext): Promise<string[]> {
  try {
    return (await plugin.check?.(context, options)) ?? [];
  } catch (error) {
    if (error instanceof UserError) return [error.message];
    throw error;
  }
}
