import { join } from 'node:path';
import type { CropPlan } from '../data/crops.js';
import { type Batch, createLoader } from '../data/loader.js';
import type { ShardSet } from '../data/shards.js';
import type { Session } from '../engine/session.js';
import { learningRate, type ScheduleOptions } from '../optim/schedule.js';
import type { StageContext } from '../pipeline/stage.js';
import { checkMemory } from '../train/check-memory.js';
import { type HostState, loadCheckpoint, saveCheckpoint } from '../train/checkpoint.js';
import { trainLoop } from '../train/loop.js';
import type { Moment } from '../train/ssl-method.js';
import type { StepMetrics } from '../train/step-metrics.js';
import type { CompiledCall } from '../train/training-step.js';
import { stepsOf } from './training-options.js';

/** What is trained on which crops. */
export interface CropTraining {
  shards: ShardSet;
  plan: CropPlan;
  /** Utterances to train on; default all. */
  subset?: Int32Array;
  /** What an update on a batch of so many utterances runs, to know its memory before. */
  calls(batchSize: number): CompiledCall[];
  /** One update on a batch at a learning rate. */
  step(batch: Batch, moment: Moment, rate: number): Promise<StepMetrics>;
  /** State outside the graph that a checkpoint must hold. */
  hostState?(): HostState;
  restore?(state: HostState): void;
}

interface Given {
  batchSize: number;
  steps?: number;
  epochs?: number;
  rate: ScheduleOptions;
  checkpointSeconds: number;
}

/** Runs a training stage from its last checkpoint, or from the start; returns the number of steps and batches an epoch. */
export async function trainOnCrops(
  session: Session,
  context: StageContext,
  given: Given,
  training: CropTraining,
): Promise<{ steps: number; batchesPerEpoch: number }> {
  const { dir, seed, progress, signal, log } = context;
  const { shards, plan, subset } = training;
  const checkpoint = join(dir, 'checkpoint.safetensors');
  const resumed = context.resume ? await loadCheckpoint(session, checkpoint, log) : null;
  if (resumed) {
    training.restore?.(resumed.host);
    log(`resumed at step ${resumed.step}`);
  }
  const startStep = resumed?.step ?? 0;
  const { batchSize, checkpointSeconds } = given;
  const loader = createLoader({ shards, batchSize, plan, seed: `${seed}/crops`, startStep, subset });
  const { batchesPerEpoch } = loader;
  const steps = stepsOf(given, batchesPerEpoch);
  const task = {
    async run(step: number) {
      const batch = await loader.next();
      const moment = { step, steps, epoch: step / batchesPerEpoch };
      const metrics = await training.step(batch, moment, learningRate(given.rate, step, steps));
      batch.release();
      return metrics;
    },
    save: (step: number) => saveCheckpoint(session, checkpoint, step, training.hostState?.()),
  };
  const metricsPath = join(dir, 'metrics.jsonl');
  try {
    if (startStep < steps) checkMemory(session, training.calls(batchSize), context);
    await trainLoop(task, { startStep, steps, checkpointSeconds, metricsPath, progress, signal });
    const { waitMs, batches } = loader.stats();
    // Data that is too slow shows here.
    if (batches > 0) log(`waited ${(waitMs / batches).toFixed(1)} ms a step for data`);
  } finally {
    await loader.close();
  }
  return { steps, batchesPerEpoch };
}
