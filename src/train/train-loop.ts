import { NotFiniteError } from '../engine/require-finite.js';
import { UserError } from '../errors.js';
import { openMetrics } from './metrics-log.js';
import type { StepMetrics } from './step/training-step.js';

/** A training, as the loop sees it. */
export interface TrainTask {
  /** Prepares a step; when it throws, the state is saved. */
  prepare?(step: number): Promise<void>;
  /** Does step number `step` (from 0) and returns what to log; must hold `loss`. */
  run(step: number): Promise<StepMetrics>;
  /** Looks at a finished step. */
  watch?(step: number, values: StepMetrics): Watched;
  /** Saves everything needed to resume at `step`. */
  save(step: number): Promise<void>;
}

/** Observations on a step. */
export interface Watched {
  /** Values to log beside its metrics. */
  marks?: Record<string, number>;
  /** The reaction, called when all lines are written; returns the step to continue with: the next, or an earlier one. */
  react?(): Promise<number>;
}

/** Receives the progress. */
export interface TrainProgress {
  update(state: { step: number; total: number; fields: Record<string, number | string> }): void;
}

export interface LoopOptions {
  startStep: number;
  steps: number;
  /** Seconds between checkpoints. */
  checkpointSeconds: number;
  metricsPath: string;
  progress: TrainProgress;
  signal: AbortSignal;
}

/**
 * The one training loop: steps, metrics, checkpoints by the clock, and a last one on Ctrl-C. Throws the signal's reason
 * when interrupted, after saving. A task that watches its steps may roll the loop back.
 */
export async function trainLoop(task: TrainTask, options: LoopOptions): Promise<void> {
  const { startStep, steps, checkpointSeconds, metricsPath, progress, signal } = options;
  let metrics = openMetrics(metricsPath, startStep);
  let savedAt = performance.now();
  const save = async (step: number) => {
    // Lines first: a kill must not leave a checkpoint that is ahead of the metrics.
    metrics.flush();
    await task.save(step);
    savedAt = performance.now();
  };
  try {
    for (let next = startStep, step = next; next < steps; step = next) {
      await prepareStep(task, step, save);
      const values = await runStep(task, step, save);
      const { marks, react } = task.watch?.(step, values) ?? {};
      metrics.add({ step, ...values, ...marks });
      progress.update({ step: step + 1, total: steps, fields: { loss: values.loss } });
      if (react) metrics.flush();
      next = (await react?.()) ?? step + 1;
      // Steps that are repeated lose their lines.
      if (next <= step) metrics = openMetrics(metricsPath, next);
      const due = performance.now() - savedAt > checkpointSeconds * 1000;
      if (due || signal.aborted) await save(next);
      signal.throwIfAborted();
    }
    await save(steps);
  } finally {
    metrics.flush();
  }
}

/** Work between steps may take long, be interrupted or fail: finished steps are saved first. */
async function prepareStep(task: TrainTask, step: number, save: (step: number) => Promise<void>): Promise<void> {
  try {
    await task.prepare?.(step);
  } catch (error) {
    await save(step);
    throw error;
  }
}

/** Runs one step; a refused step leaves the state as it was, which is saved. */
async function runStep(task: TrainTask, step: number, save: (step: number) => Promise<void>): Promise<StepMetrics> {
  try {
    return await task.run(step);
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    await save(step);
    throw new UserError(
      `Step ${step} was refused: ${error.message}. It changed nothing, and the state before it is saved. ` +
        'Lower the learning rate (rate.peak), clip gradients (optimizer.clipNorm) or lengthen the warm-up (rate.warmup).',
    );
  }
}
