import { join } from 'node:path';
import type { CropSources } from '../../data/crops/crop-sources.js';
import { type CropStream, createCropStream } from '../../data/crops/crop-stream.js';
import { type CropPlan, tilingNote } from '../../data/crops/crops.js';
import type { Batch } from '../../data/crops/loader.js';
import { openSampler, type SamplingRule } from '../../data/crops/open-sampler.js';
import type { ShardSet } from '../../data/shards/shards.js';
import type { Session } from '../../engine/session/session.js';
import { learningRate, type ScheduleOptions } from '../../optim/schedule.js';
import type { StageContext } from '../../plugin/stage.js';
import type { Averaging } from '../../train/averaging/averaging.js';
import { checkMemory } from '../../train/check-memory.js';
import { type HostState, loadCheckpoint, type Stateful, saveCheckpoint, stateOf } from '../../train/checkpoint.js';
import type { CollapseEvent } from '../../train/guard/collapse-guard.js';
import { type CollapseWatch, createCollapseWatch, type GuardOptions } from '../../train/guard/collapse-watch.js';
import { createHealthyCheckpoints } from '../../train/guard/healthy-checkpoints.js';
import { createStreamRange } from '../../train/guard/stream-range.js';
import { batchCut } from '../../train/step/micro-batches.js';
import type { RunPosition } from '../../train/step/ssl-method.js';
import type { CompiledCall, StepMetrics } from '../../train/step/training-step.js';
import { type TrainTask, trainLoop } from '../../train/train-loop.js';
import { stepsOf } from './training-options.js';

/** The crops of a training, and its step. */
export interface CropTraining {
  /** Name of the network, for messages. */
  network: string;
  shards: ShardSet;
  plan: CropPlan;
  /** Utterances to train on; default all. */
  subset?: Int32Array;
  /** Rule that puts batches together; default at random. */
  rule?: SamplingRule;
  /** The compiled calls of one update at this batch size, to predict its memory. */
  calls(batchSize: number): CompiledCall[];
  /** Other utterances to cut a step's crops from, asked before every step; default and undefined: each from its own. */
  sources?(position: RunPosition): Promise<CropSources | undefined>;
  /** One update on a batch at a learning rate. */
  step(batch: Batch, position: RunPosition, rate: number): Promise<StepMetrics>;
  /** Options of the guard against collapse, and the embedding's size. */
  guard?: GuardOptions & { size: number };
  /** The mean of weights, told of every step. */
  average: Averaging;
  /** Parts with state outside the graph, beside the average and the guard. */
  states: readonly Stateful[];
}

interface CropTrainingOptions {
  batchSize: number;
  accumulate: number;
  steps?: number;
  epochs?: number;
  rate: ScheduleOptions;
  checkpointSeconds: number;
}

/** The outcome of a training stage. */
export interface Trained {
  steps: number;
  batchesPerEpoch: number;
  /** Suspicions of its guard. */
  collapse: readonly CollapseEvent[];
}

/** Runs a training stage from its last checkpoint, or from the start. */
export async function trainOnCrops(
  session: Session,
  context: StageContext,
  options: CropTrainingOptions,
  training: CropTraining,
): Promise<Trained> {
  const { dir, progress, signal, workers, log } = context;
  const { batchSize, checkpointSeconds } = options;
  const shared = context.checkpoints ?? dir;
  const checkpoint = join(shared, 'checkpoint.safetensors');
  const writes = (workers?.rank ?? 0) === 0;
  const resumed = context.resume ? await loadCheckpoint(session, checkpoint, log) : null;
  const startStep = resumed?.step ?? 0;
  const { steps, batchesPerEpoch, openCrops } = planCrops(context, options, training);

  const states: Stateful[] = [...training.states, ...training.average.states];
  const hostState = (): HostState => stateOf(watch ? [...states, watch.guard] : states);
  // All workers hold the same state, of which the first writes the checkpoints.
  const save = async (step: number) => {
    if (writes) await saveCheckpoint(session, checkpoint, step, hostState());
  };
  const healthy = createHealthyCheckpoints(session, shared, hostState, writes);
  const run = { steps, log, save, keep: healthy.keep, goBack };
  const watch = training.guard && createCollapseWatch(training.guard, { ...run, size: training.guard.size });
  if (resumed) {
    for (const part of states) part.restore(resumed.host);
    watch?.guard.restore(resumed.host);
    log(`resumed at step ${resumed.step}`);
  }
  const crops = { current: openCrops(watch?.retries()) };
  async function goBack(went: (step: number, state: HostState) => void): Promise<number> {
    const { step, host } = await healthy.goBack();
    for (const part of states) part.restore(host);
    went(step, host);
    await save(step);
    await crops.current.close();
    crops.current = openCrops(watch?.retries());
    return step;
  }

  const seeStreams = createStreamRange(training.network, log);
  const task = { ...stepsOnCrops(options, training, { crops, steps, batchesPerEpoch, watch, seeStreams }), save };
  const metricsPath = join(dir, 'metrics.jsonl');
  workers?.begin();
  try {
    if (startStep < steps) {
      checkMemory(session, training.calls(batchSize), context);
      noteTiling(training, log);
      if (training.guard?.action === 'rollback') await healthy.begin(startStep);
    }
    await trainLoop(task, { startStep, steps, checkpointSeconds, metricsPath, progress, signal });
    const { waitMs, batches } = crops.current.stats();
    // Shows when data is too slow.
    if (batches > 0) log(`waited ${(waitMs / batches).toFixed(1)} ms a step for data`);
  } finally {
    workers?.end();
    await crops.current.close();
  }
  return { steps, batchesPerEpoch, collapse: watch?.guard.events ?? [] };
}

/** Of a network that is not trained, which any number of recordings is enough for. */
const noCrops: CropStream = {
  batchAt: () => Promise.reject(new Error('a training without steps asked for a batch')),
  stats: () => ({ waitMs: 0, batches: 0 }),
  close: () => Promise.resolve(),
};

/** The run's length, and its stream of crops; after `retries` roll-backs batches come in another order. */
function planCrops({ seed, workers, log }: StageContext, options: CropTrainingOptions, training: CropTraining) {
  if (options.steps === 0 || options.epochs === 0) return { steps: 0, batchesPerEpoch: 1, openCrops: () => noCrops };
  const { shards, plan, subset, rule } = training;
  const { batchSize, accumulate } = options;
  const cropSeed = `${seed}/crops`;
  const count = shards.samples.length;
  const { batchesPerEpoch, leftOut } = openSampler({ count, batchSize, seed: cropSeed, subset, rule });
  if (leftOut) log(`speakers with too few utterances for batches of this loss, left out: ${leftOut}`);
  return {
    steps: stepsOf(options, batchesPerEpoch),
    batchesPerEpoch,
    openCrops(retries = 0): CropStream {
      const streamSeed = retries > 0 ? `${cropSeed}/retry ${retries}` : cropSeed;
      const part = workers && batchCut(accumulate, workers);
      return createCropStream({ shards, batchSize, plan, seed: streamSeed, subset, rule, part });
    },
  };
}

/** What the steps of a run share. */
interface CropRun {
  crops: { current: CropStream };
  steps: number;
  batchesPerEpoch: number;
  watch?: CollapseWatch;
  /** Looks at the range of a reversible network's streams. */
  seeStreams: ReturnType<typeof createStreamRange>;
}

/** The training loop's task: the crops of a step, its learning rate and its update. */
function stepsOnCrops(
  { rate: schedule }: CropTrainingOptions,
  training: CropTraining,
  run: CropRun,
): Omit<TrainTask, 'save'> {
  const { crops, steps, batchesPerEpoch, watch, seeStreams } = run;
  const positionOf = (step: number): RunPosition => ({ step, steps, epoch: step / batchesPerEpoch });
  let sources: CropSources | undefined;
  return {
    async prepare(step) {
      sources = await training.sources?.(positionOf(step));
    },
    async run(step) {
      const batch = await crops.current.batchAt(step, sources);
      const rate = learningRate(schedule, step, steps) * (watch?.rateFactor() ?? 1);
      const metrics = await training.step(batch, positionOf(step), rate);
      seeStreams(step, metrics);
      await training.average.note({ done: step + 1, steps, batchesPerEpoch });
      batch.release();
      return metrics;
    },
    watch: watch?.watch,
  };
}

/** Logs that utterances are shorter than the shortest crops, and are repeated to fill them. */
function noteTiling({ shards, plan, rule }: CropTraining, log: (line: string) => void): void {
  const samples = rule?.kind === 'length-buckets' ? { ...plan.samples, global: rule.crops[0] } : plan.samples;
  const note = tilingNote(shards.samples, { ...plan, samples });
  if (note) log(note);
}
