import { createRng, type Rng } from '../../random.js';
import type { ShardLayout } from '../shards/reader.js';
import type { CropReader, CropValues } from './crop-reader.js';
import { type CropSources, drawOrigins } from './crop-sources.js';
import { type CropPlan, cropLengths, cropStarts, rowValues } from './crops.js';
import type { SampledBatch, Sampler } from './sampler.js';

/** Room for one batch, in memory that threads share. Crops are crop-major: row = crop * batch + utterance. */
export interface BatchSlot {
  /** [batch] */
  utterances: Int32Array;
  /** The utterance that each crop was cut from. // [crops * batch] */
  origins: Int32Array;
  /** The sample of its utterance that each crop starts at. // [crops * batch] */
  starts: Int32Array;
  /** [global crops * batch, samples], or [global crops * batch, frames, bins] of stored features */
  global: CropValues;
  /** The same of the local crops. */
  local: CropValues;
}

/** Makes room for a batch of `batchSize` utterances cut by the plan. */
export function createSlot(batchSize: number, plan: CropPlan): BatchSlot {
  const { count, samples } = plan;
  const rows = (n: number, length: number): CropValues => {
    const values = n === 0 ? 0 : batchSize * n * rowValues(plan, length);
    return plan.stored
      ? new Float32Array(new SharedArrayBuffer(4 * values))
      : new Int16Array(new SharedArrayBuffer(2 * values));
  };
  const numbers = (n: number) => new Int32Array(new SharedArrayBuffer(4 * n));
  return {
    utterances: numbers(batchSize),
    origins: numbers(batchSize * (count.global + count.local)),
    starts: numbers(batchSize * (count.global + count.local)),
    global: rows(count.global, samples.global),
    local: rows(count.local, samples.local),
  };
}

export interface CropSource {
  layout: ShardLayout;
  reader: CropReader;
  sampler: Sampler;
  plan: CropPlan;
  seed: number | string;
  /** Default: every crop is cut from its own utterance. */
  sources?: CropSources;
  /** The part of every batch whose crops are read; the rest of a slot is left as it is. Default: all. */
  part?: BatchPart;
}

/** Equal parts of a batch's utterances, in order, of which this process needs some. */
export interface BatchPart {
  count: number;
  own: readonly number[];
}

/** Fills a slot with the crops of a step: a pure function of the source and the step. */
export function fillSlot(source: CropSource, step: number, slot: BatchSlot): SampledBatch {
  const { layout, reader, sampler, seed, sources } = source;
  const batch = sampler.batchAt(step);
  const plan = planOf(source.plan, batch);
  const rng = createRng(seed).fork('crops').fork(step);
  const partners = createRng(seed).fork('partners').fork(step);
  const lengths = cropLengths(plan);
  const size = batch.utterances.length;
  const reads = readsOf(source.part, size);
  slot.utterances.set(batch.utterances);
  batch.utterances.forEach((utterance, i) => {
    const origins = sources ? drawOrigins(utterance, plan, sources, partners) : lengths.map(() => utterance);
    const starts = startsOf(origins, layout.samples, plan, rng);
    origins.forEach((origin, crop) => {
      slot.origins[crop * size + i] = origin;
      slot.starts[crop * size + i] = starts[crop];
      // What is drawn does not depend on who reads it.
      if (reads(i)) reader.fill(origin, starts[crop], lengths[crop], rowOf(slot, plan, size, crop, i));
    });
  });
  return batch;
}

/** Tells which utterances of a batch of `size` are read. */
function readsOf(part: BatchPart | undefined, size: number): (utterance: number) => boolean {
  if (!part) return () => true;
  const own = new Set(part.own);
  return (utterance) => own.has(Math.floor((utterance * part.count) / size));
}

/** The plan of one batch: its crops may be shorter. */
const planOf = (plan: CropPlan, { samples }: SampledBatch): CropPlan =>
  samples === undefined ? plan : { ...plan, samples: { ...plan.samples, global: samples } };

/** The part of a slot's global crops that a batch fills. */
export const usedCrops = ({ global, utterances }: BatchSlot, plan: CropPlan, { samples }: SampledBatch): CropValues =>
  samples === undefined ? global : global.subarray(0, plan.count.global * utterances.length * rowValues(plan, samples));

/** The starts of the crops; those of one origin are drawn together, by a plan of their own. */
function startsOf(origins: readonly number[], samples: Int32Array, plan: CropPlan, rng: Rng): number[] {
  const starts: number[] = [];
  for (const origin of new Set(origins)) {
    const crops = [...origins.keys()].filter((crop) => origins[crop] === origin);
    const global = crops.filter((crop) => crop < plan.count.global).length;
    const part = { ...plan, count: { global, local: crops.length - global } };
    cropStarts(samples[origin], part, rng).forEach((start, place) => {
      starts[crops[place]] = start;
    });
  }
  return starts;
}

function rowOf(slot: BatchSlot, plan: CropPlan, batchSize: number, crop: number, i: number): CropValues {
  const { count, samples } = plan;
  const [values, place, length] =
    crop < count.global ? [slot.global, crop, samples.global] : [slot.local, crop - count.global, samples.local];
  const width = rowValues(plan, length);
  const at = (place * batchSize + i) * width;
  return values.subarray(at, at + width);
}
