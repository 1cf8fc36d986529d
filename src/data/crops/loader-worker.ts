import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, UserError } from '../../errors.js';
import type { ShardLayout } from '../shards/reader.js';
import { type BatchPart, type BatchSlot, fillSlot } from './crop-batch.js';
import { openCropReader } from './crop-reader.js';
import type { CropSources } from './crop-sources.js';
import type { CropPlan } from './crops.js';
import { openSampler, type Sampling } from './open-sampler.js';

/** The data that a loader thread is started with. */
export interface LoaderJob {
  layout: ShardLayout;
  sampling: Sampling;
  plan: CropPlan;
  sources?: CropSources;
  part?: BatchPart;
  slots: BatchSlot[];
}

/** A request: fill this slot with the batch of this step. */
export interface FillRequest {
  step: number;
  slot: number;
}

/** The answer: the slot is full, or the reason why it is not. */
export interface FillAnswer extends FillRequest {
  error?: { message: string; usersFault: boolean };
}

const port = parentPort!;
const { layout, sampling, plan, sources, part, slots } = workerData as LoaderJob;
const reader = openCropReader(layout);
const source = { layout, reader, sampler: openSampler(sampling), plan, seed: sampling.seed, sources, part };

port.on('message', ({ step, slot }: FillRequest) => {
  const answer: FillAnswer = { step, slot };
  try {
    fillSlot(source, step, slots[slot]);
  } catch (error) {
    answer.error = { message: messageOf(error), usersFault: error instanceof UserError };
  }
  port.postMessage(answer);
});
