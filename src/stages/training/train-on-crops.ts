import { join } from 'node:path';
import type { CropSources } from '../../data/crops/crop-sources.js';
import { createCropStream } from '../../data/crops/crop-stream.js';
import { type CropPlan, tilingNote } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import { openSampler, type SamplingRule } from '../../data/crops/open-sampler.js';
import type { ShardSet } from '../../data/shards/shards.js';
import type { Session } from '../../engine/session/session.js';
import { learningRate, type ScheduleOptions } from '../../optim/schedule.js';
import type { StageContext } from '../../plugin/stage.js';
import { checkMemory } from '../../train/check-memory.js';
import { type HostState, loadCheckpoint, saveCheckpoint } from '../../train/checkpoint.js';
import type { CollapseEvent } from '../../train/guard/collapse-guard.js';
import { createCollapseWatch, type GuardOptions } from '../../train/guard/collapse-watch.js';
import { createHealthyCheckpoints } from '../../train/guard/healthy-checkpoints.js';
import type { Moment } from '../../train/step/ssl-method.js';
import type { StepMetrics } from '../../train/step/step-metrics.js';
import type { CompiledCall } from '../../train/step/training-step.js';
import { trainLoop } from '../../train/train-loop.js';
import { stepsOf } from './training-options.js';

/** What is trained on which crops. */
export interface CropTraining {
  shards: ShardSet;
  plan: CropPlan;
  /** Utterances to train on; default all. */
  subset?: Int32Array;
  /** How batches are put together; default at random. */
  rule?: SamplingRule;
  /** What an update on a batch of so many utterances runs, to know its memory before. */
  calls(batchSize: number): CompiledCall[];
  /** Where the crops of a step come from, asked before every step; default and undefined: the utterances themselves. */
  sources?(moment: Moment): Promise<CropSources | undefined>;
  /** One update on a batch at a learning rate. */
  step(batch: Batch, moment: Moment, rate: number): Promise<StepMetrics>;
  /** What looks for collapse, and the embedding's size. */
  guard?: GuardOptions & { size: number };
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

/** What a training stage came to. */
export interface Trained {
  steps: number;
  batchesPerEpoch: number;
  /** What its guard suspected. */
  collapse: readonly CollapseEvent[];
}

/** The plan of the shortest crops, which utterances are repeated to fill. */
const shortest = (plan: CropPlan, [global]: readonly number[]): CropPlan => ({
  ...plan,
  samples: { ...plan.samples, global },
});

/** Runs a training stage from its last checkpoint, or from the start. */
export async function trainOnCrops(
  session: Session,
  context: StageContext,
  given: Given,
  training: CropTraining,
): Promise<Trained> {
  const { dir, seed, progress, signal, log } = context;
  const { shards, plan, subset, rule } = training;
  const checkpoint = join(dir, 'checkpoint.safetensors');
  const resumed = context.resume ? await loadCheckpoint(session, checkpoint, log) : null;
  const startStep = resumed?.step ?? 0;
  const { batchSize, checkpointSeconds } = given;
  const cropSeed = `${seed}/crops`;
  const { batchesPerEpoch } = openSampler({ count: shards.samples.length, batchSize, seed: cropSeed, subset, rule });
  const steps = stepsOf(given, batchesPerEpoch);
  const momentOf = (step: number): Moment => ({ step, steps, epoch: step / batchesPerEpoch });

  const hostState = (): HostState => ({ ...training.hostState?.(), ...watch?.guard.state() });
  const save = (step: number) => saveCheckpoint(session, checkpoint, step, hostState());
  const healthy = createHealthyCheckpoints(session, dir, hostState);
  const run = { steps, log, save, keep: healthy.keep, goBack };
  const watch = training.guard && createCollapseWatch(training.guard, { ...run, size: training.guard.size });
  if (resumed) {
    training.restore?.(resumed.host);
    watch?.guard.restore(resumed.host);
    log(`resumed at step ${resumed.step}`);
  }
  const openCrops = () => {
    const retries = watch?.retries() ?? 0;
    const own = retries > 0 ? `${cropSeed}/retry ${retries}` : cropSeed;
    return createCropStream({ shards, batchSize, plan, seed: own, subset, rule });
  };
  let crops = openCrops();
  async function goBack(went: (step: number, state: HostState) => void): Promise<number> {
    const { step, host } = await healthy.goBack();
    training.restore?.(host);
    went(step, host);
    await save(step);
    await crops.close();
    crops = openCrops();
    return step;
  }

  let sources: CropSources | undefined;
  const task = {
    async prepare(step: number) {
      sources = await training.sources?.(momentOf(step));
    },
    async run(step: number) {
      const batch = await crops.batchAt(step, sources);
      const rate = learningRate(given.rate, step, steps) * (watch?.rateFactor() ?? 1);
      const metrics = await training.step(batch, momentOf(step), rate);
      batch.release();
      return metrics;
    },
    watch: watch?.watch,
    save,
  };
  const metricsPath = join(dir, 'metrics.jsonl');
  try {
    if (startStep < steps) {
      checkMemory(session, training.calls(batchSize), context);
      const note = tilingNote(shards.samples, rule?.kind === 'length-buckets' ? shortest(plan, rule.crops) : plan);
      if (note) log(note);
      if (training.guard?.action === 'rollback') await healthy.begin(startStep);
    }
    await trainLoop(task, { startStep, steps, checkpointSeconds, metricsPath, progress, signal });
    const { waitMs, batches } = crops.stats();
    // Data that is too slow shows here.
    if (batches > 0) log(`waited ${(waitMs / batches).toFixed(1)} ms a step for data`);
  } finally {
    await crops.close();
  }
  return { steps, batchesPerEpoch, collapse: watch?.guard.events ?? [] };
}
