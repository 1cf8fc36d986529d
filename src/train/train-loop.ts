import { NotFiniteError } from '../engine/require-finite.js';
import { UserError } from '../errors.js';
import { openMetrics } from './metrics-log.js';
import type { StepMetrics } from './step/training-step.js';

/** One kind of training, as the loop sees it. */
export interface TrainTask {
  /** Gets ready for a step, before it; when it throws, the state is saved. */
  prepare?(step: number): Promise<void>;
  /** Does step number `step` (from 0) and returns what to log; must hold `loss`. */
  run(step: number): Promise<StepMetrics>;
  /** Looks at a step that was done. */
  watch?(step: number, values: StepMetrics): Watched;
  /** Saves everything needed to go on from `step`. */
  save(step: number): Promise<void>;
}

/** What was seen of a step. */
export interface Watched {
  /** What to log beside its metrics. */
  marks?: Record<string, number>;
  /** What it calls for, done when all lines are written; returns the step to go on with: the next, or an earlier one. */
  react?(): Promise<number>;
}

/** Where progress goes. */
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
 * when interrupted, after saving. A task that watches its steps may send the loop back.
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
      // Steps that are done again lose their lines.
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

/** Long work between steps may be interrupted, or fail: nothing that is computed is lost by it. */
async function prepareStep(task: TrainTask, step: number, save: (step: number) => Promise<void>): Promise<void> {
  try {
    await task.prepare?.(step);
  } catch (error) {
    await save(step);
    throw error;
  }
}

/** Runs one step; one that was refused leaves the state as it was, which is saved. */
async function runStep(task: TrainTask, step: number, save: (step: number) => Promise<void>): Promise<StepMetrics> {
  try {
    return await task.run(step);
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    await save(step);
    throw new UserError(
      `Step ${step} was refused: ${error.message}. Nothing was changed by it, and the state before it is saved. ` +
        'Lower the learning rate (rate.peak), clip gradients (optimizer.clipNorm) or lengthen the warm-up (rate.warmup).',
    );
  }
}
