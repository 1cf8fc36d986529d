import { Worker } from 'node:worker_threads';
import { messageOf, UserError } from '../../errors.js';
import type { ShardLayout } from '../shards/reader.js';
import { type BatchPart, createSlot, usedCrops } from './crop-batch.js';
import type { CropValues } from './crop-reader.js';
import type { CropSources } from './crop-sources.js';
import { type CropPlan, checkPlan } from './crops.js';
import type { FillAnswer, FillRequest, LoaderJob } from './loader-worker.js';
import { openSampler, type SamplingRule } from './open-sampler.js';
import { createStepQueue, type StepQueue } from './step-queue.js';

/** The crops of one training step. The arrays belong to the loader and are written again after `release()`. */
export interface Batch {
  step: number;
  epoch: number;
  /** Numbers of the utterances in the shard set. // [batch] */
  utterances: Int32Array;
  /** The utterance that each crop was cut from: the global crops, then the local ones. // [crops * batch] */
  origins: Int32Array;
  /** The sample of that utterance at which each crop starts; one that is shorter than its crop is repeated. // [crops * batch] */
  starts: Int32Array;
  /**
   * int16 samples, as many a row as the step's rule says, or float32 stored features; crop-major: row = crop * batch + utterance.
   * [global crops * batch, samples] or [global crops * batch, frames, bins]
   */
  global: CropValues;
  /** The same of the local crops; null when the plan has none. // [local crops * batch, samples] */
  local: CropValues | null;
  /** Gives the memory back; call it when the batch has been fed. */
  release(): void;
}

export interface LoaderOptions {
  shards: ShardLayout;
  batchSize: number;
  plan: CropPlan;
  seed: number | string;
  /** The step to begin with; a resumed run passes the number of steps it has done. Default: 0. */
  startStep?: number;
  /** Reading threads. Default: 1, which is enough unless the disk answers slowly. */
  workers?: number;
  /** Batches kept ready. Default: 3. */
  prefetch?: number;
  /** Numbers of the utterances to train on, each once. Default: all. */
  subset?: Int32Array;
  /** The rule by which batches are composed. Default: at random. */
  rule?: SamplingRule;
  /** Utterances that crops are cut from in the place of the batch's own. Default: none. */
  sources?: CropSources;
  /** The part of every batch whose crops are read; the others' rows mean nothing. Default: all. */
  part?: BatchPart;
}

export interface Loader {
  batchesPerEpoch: number;
  /** The next batch, in order of steps; there is no last one. Rejects when a shard cannot be read, naming it. */
  next(): Promise<Batch>;
  /** Time spent waiting in `next()`, and batches handed out. */
  stats(): { waitMs: number; batches: number };
  /** Ends the threads and frees the memory. A loader that is merely forgotten does not keep the process alive. */
  close(): Promise<void>;
}

/**
 * Starts threads that read crops ahead. Batch k is a pure function of shards, batch size, plan, subset, rule, sources, seed and k:
 * not of the number of threads, nor of where the run was resumed. Throws a UserError for a plan, subset or batch
 * size that the shards cannot serve.
 */
export function createLoader(options: LoaderOptions): Loader {
  const { plan, startStep = 0 } = options;
  const { threads, slots, sampler } = start(options);
  const { batchesPerEpoch } = sampler;
  const queue = createStepQueue<number>((waiting) => keepAlive(threads, waiting));
  keepAlive(threads, false);
  listen(threads, queue);

  const stats = { waitMs: 0, batches: 0 };
  let requested = startStep;
  let asked = startStep;
  let held = 0;
  const request = (slot: number) => {
    const message: FillRequest = { step: requested, slot };
    threads[requested++ % threads.length].postMessage(message);
  };
  for (const slot of slots.keys()) request(slot);

  const handOut = (step: number, slot: number): Batch => {
    let released = false;
    held++;
    stats.batches++;
    return {
      step,
      epoch: Math.floor(step / batchesPerEpoch),
      ...slots[slot],
      global: usedCrops(slots[slot], plan, sampler.batchAt(step)),
      local: plan.count.local > 0 ? slots[slot].local : null,
      release() {
        if (released) return;
        released = true;
        held--;
        if (!queue.failed()) request(slot);
      },
    };
  };
  return {
    batchesPerEpoch,
    async next() {
      if (held === slots.length) throw new Error(`All ${held} batches of the loader are in use: release() one first.`);
      const step = asked++;
      const from = performance.now();
      try {
        return handOut(step, await queue.take(step));
      } finally {
        stats.waitMs += performance.now() - from;
      }
    },
    stats: () => ({ ...stats }),
    async close() {
      queue.fail(0, new Error('The loader was closed.'));
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}

function start(options: LoaderOptions) {
  const { shards, batchSize, plan, seed, subset, rule, sources, part, workers = 1, prefetch = 3 } = options;
  checkPlan(plan);
  checkContent(shards, plan);
  const { files, shard, offset, samples, features } = shards;
  const sampling = { count: samples.length, batchSize, seed, subset, rule };
  const sampler = openSampler(sampling);
  // One slot more than are kept ready, because the consumer holds one while the others are filled.
  const slots = Array.from({ length: prefetch + 1 }, () => createSlot(batchSize, plan));
  const job: LoaderJob = { layout: { files, shard, offset, samples, features }, sampling, plan, sources, part, slots };
  const module = new URL('./loader-worker.js', import.meta.url);
  // Without the process's own flags: some, such as --input-type, do not suit a worker.
  const open = () => new Worker(module, { workerData: job, execArgv: [] });
  const threads = Array.from({ length: Math.max(1, workers) }, open);
  return { threads, slots, sampler };
}

/** Crops of samples are cut from samples, and crops of stored features from these. */
function checkContent({ features }: ShardLayout, { stored }: CropPlan): void {
  if (features && !stored)
    throw new UserError(
      'The corpus holds stored features, and crops of samples are needed here. Give one of recordings.',
    );
  if (stored && !features) throw new Error('crops of stored features were asked of shards that hold samples');
}

/** Threads keep the process alive only while somebody waits for them. */
function keepAlive(threads: readonly Worker[], alive: boolean): void {
  for (const thread of threads) alive ? thread.ref() : thread.unref();
}

function listen(threads: readonly Worker[], queue: StepQueue<number>): void {
  for (const thread of threads) {
    thread.on('message', ({ step, slot, error }: FillAnswer) => {
      if (error) queue.fail(step, error.usersFault ? new UserError(error.message) : new Error(error.message));
      else queue.put(step, slot);
    });
    thread.on('error', (cause) => queue.fail(0, new Error(`A loader thread failed: ${messageOf(cause)}`, { cause })));
    thread.on('exit', (code) => queue.fail(0, new Error(`A loader thread ended early, with code ${code}.`)));
  }
}
