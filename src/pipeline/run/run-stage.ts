import { messageOf, UserError } from '../../errors.js';
import { removeTemporary } from '../../io/remove-temporary.js';
import type { Json } from '../../plugin/json.js';
import { readResult } from '../../plugin/read-result.js';
import type { Artifact, StageContext } from '../../plugin/stage.js';
import { memoryBytesOf } from '../config/config.js';
import { openInner } from './inner-stages.js';
import { Interrupted, isInterruption } from './interrupt.js';
import type { RunRequest } from './run.js';
import type { PlannedStage } from './run-plan.js';
import { openStageFolder, readPartial, readRecord, writePartial, writeRecord } from './stage-folder.js';

/** Interval of writing down the time spent; a killed attempt loses at most this much of it. */
const HEARTBEAT_MS = 10_000;

export interface FinishedStage extends Artifact {
  as: string;
}

/** The parts of a run that its stages share. */
export interface RunParts extends RunRequest {
  now: () => number;
  journal(event: string, fields?: { [key: string]: Json }): void;
  finished: ReadonlyMap<string, FinishedStage>;
  /** The folder of the whole run; `dir` is where this stage's folder lies. */
  runDir: string;
  /** `2/6 dino (pretrain)`. */
  label: string;
}

/** Runs a stage, unless it was done before. */
export async function performStage(stage: PlannedStage, parts: RunParts): Promise<FinishedStage> {
  return stage.state === 'done' ? skipStage(stage, parts) : runStage(stage, parts);
}

function skipStage(stage: PlannedStage, { dir, journal, log, label }: RunParts): FinishedStage {
  const { as, key } = stage;
  const folder = openStageFolder(dir, stage);
  const record = readRecord(folder);
  if (record === undefined) throw new Error(`${folder} lost its stage.json`);
  const finished = { as, dir: folder, stage: stage.stage, result: record.result, seconds: record.seconds };
  // A plugin written without defineStage has no schema.
  if (stage.plugin.result) readResult(finished, stage.plugin.result);
  journal('stage-skipped', { as, key });
  log(`${label}: done before`);
  return finished;
}

/** Runs one stage in its folder, from where an earlier attempt left off. */
async function runStage(stage: PlannedStage, parts: RunParts): Promise<FinishedStage> {
  const { dir, journal, log, label } = parts;
  const { as, key } = stage;
  const folder = openStageFolder(dir, stage);
  const stopwatch = startStopwatch(stage, folder, parts.now);
  const resume = stage.state === 'resume';
  journal('stage-start', { as, stage: stage.stage, key, resume });
  if (stage.stale) log(`${label}: what it was made of has changed; it runs again, and what depends on it`);
  else log(`${label}${resume ? ': goes on' : ''}`);
  try {
    const result = await attempt(stage, folder, parts);
    const seconds = stopwatch.stop();
    // Attempts that were killed may have left some, and now nobody writes here any more.
    ignoring(() => removeTemporary(folder));
    writeRecord(folder, {
      key,
      stage: stage.stage,
      options: stage.options as Json,
      sources: stage.sources,
      result,
      seconds,
    });
    journal('stage-done', { as, key, seconds });
    log(`${label}: done in ${seconds.toFixed(1)} s`);
    return { as, dir: folder, stage: stage.stage, result, seconds };
  } catch (error) {
    stopwatch.save();
    const interrupted = isInterruption(error, parts.signal);
    ignoring(() => journal(interrupted ? 'stage-interrupted' : 'stage-failed', { as, key, message: messageOf(error) }));
    if (interrupted) throw new Interrupted();
    throw error instanceof UserError ? new UserError(`${label}: ${error.message}`, { cause: error }) : error;
  } finally {
    stopwatch.stop();
  }
}

async function attempt(stage: PlannedStage, folder: string, parts: RunParts): Promise<Json> {
  const progress = parts.progress(stage.as);
  const { config, registry, runDir, environment, signal, finished, workers } = parts;
  const inputs = stage.references.flatMap((name) => finished.get(name) ?? []);
  const inner = openInner({ folder, within: stage.as, inputs, parts, perform: performStage });
  const context: StageContext = {
    dir: folder,
    runDir,
    runName: config.name,
    environment,
    seed: config.seed,
    device: config.device,
    threads: config.threads,
    memoryBytes: memoryBytesOf(config),
    registry,
    // Whoever works alone has all of the work.
    workers: stage.plugin.inEveryWorker || stage.plugin.besideFirst ? workers : undefined,
    progress,
    signal,
    resume: stage.state === 'resume',
    log: (line) => progress.line(line),
    inner: inner.run,
    artifact(name) {
      // The stage's key depends on the artifacts that its options name, and on no others.
      const named = inner.artifacts.get(name);
      if (named) return named;
      throw new Error(`stage '${stage.stage}' asked for '${name}', which none of its artifact() options names`);
    },
  };
  try {
    const result = await stage.plugin.run(context, stage.options);
    // The result as a later run reads it back from stage.json, so that both see the same.
    return JSON.parse(JSON.stringify(result ?? null)) as Json;
  } finally {
    progress.done();
  }
}

/** Counts the seconds of a stage over all its attempts, in stage.partial.json. */
function startStopwatch({ key, attempt, stage }: PlannedStage, folder: string, now: () => number) {
  const before = readPartial(folder)?.seconds ?? 0;
  const start = now();
  const seconds = () => Math.round((before + (now() - start) / 1000) * 1000) / 1000;
  const save = () => writePartial(folder, { key, attempt, stage, seconds: seconds() });
  save();
  const heartbeat = setInterval(() => ignoring(save), HEARTBEAT_MS);
  heartbeat.unref();
  return {
    save: () => ignoring(save),
    stop() {
      clearInterval(heartbeat);
      return seconds();
    },
  };
}

// For bookkeeping: a full disk must neither end a run nor hide the error that ended it.
function ignoring(action: () => void): void {
  try {
    action();
  } catch {}
}
