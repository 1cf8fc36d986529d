import { UserError } from '../../errors.js';
import { createRng } from '../../random.js';

/** The utterances of one training step. */
export interface SampledBatch {
  step: number;
  epoch: number;
  /** Numbers of the utterances; no two the same unless the sampler says otherwise. // [batch] */
  utterances: Int32Array;
  /** Samples of this batch's global crops, where they are fewer than the plan says. */
  samples?: number;
}

export interface SamplerOptions {
  /** Utterances there are. */
  count: number;
  batchSize: number;
  seed: number | string;
  /** Numbers of the utterances to draw from, each once. Default: all. */
  subset?: Int32Array;
}

export interface Sampler {
  /** Whole batches in an epoch; the utterances left over are dropped (others in every epoch). */
  batchesPerEpoch: number;
  /** Speakers that are never drawn, where the sampler leaves some out. */
  leftOut?: number;
  /** The batch of a step, counted from 0 over all epochs: a pure function of the options and the step. */
  batchAt(step: number): SampledBatch;
}

/** The order in which an epoch goes through `n` things: a random permutation that depends on seed and epoch only. */
export function epochOrder(n: number, seed: number | string, epoch: number): Uint32Array {
  const order = new Uint32Array(n).map((_, i) => i);
  return createRng(seed).fork('epoch').fork(epoch).shuffle(order);
}

/** Batches over shuffled epochs; see samplerOver for what is refused. */
export const createSampler = (options: SamplerOptions): Sampler =>
  samplerOver(options, (utterances, epoch) =>
    Int32Array.from(epochOrder(utterances.length, options.seed, epoch), (place) => utterances[place]),
  );

/**
 * Batches cut from the order that `orderOf` gives the utterances of an epoch, which must depend on its arguments only. Throws a
 * UserError when there are fewer utterances than a batch takes, or when the subset holds a number twice or out of range.
 */
export function samplerOver(
  { count, batchSize, subset }: SamplerOptions,
  orderOf: (utterances: Int32Array, epoch: number) => Int32Array,
): Sampler {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new UserError(`The batch size is ${batchSize}; it must be a whole number from 1 up.`);
  if (subset) checkSubset(subset, count);
  const all = subset ?? new Int32Array(count).map((_, i) => i);
  if (all.length < batchSize)
    throw new UserError(
      `There are ${all.length} utterances for batches of ${batchSize}. Lower the batch size or add recordings.`,
    );
  const batchesPerEpoch = Math.floor(all.length / batchSize);
  let known: { epoch: number; order: Int32Array } = { epoch: -1, order: new Int32Array(0) };

  return {
    batchesPerEpoch,
    batchAt(step) {
      const epoch = Math.floor(step / batchesPerEpoch);
      if (known.epoch !== epoch) known = { epoch, order: orderOf(all, epoch) };
      const first = (step - epoch * batchesPerEpoch) * batchSize;
      return { step, epoch, utterances: known.order.slice(first, first + batchSize) };
    },
  };
}

/** The utterances that have a label: those whose entry is not negative. */
export const labelled = (labels: Int32Array): Int32Array =>
  Int32Array.from(labels.keys()).filter((utterance) => labels[utterance] >= 0);

/** The labels of a batch. // [batch] */
export const labelsOf = (labels: Int32Array, utterances: Int32Array): Int32Array =>
  utterances.map((utterance) => labels[utterance]);

function checkSubset(subset: Int32Array, count: number): void {
  const seen = new Uint8Array(count);
  for (const utterance of subset) {
    if (utterance < 0 || utterance >= count)
      throw new UserError(`The subset names utterance ${utterance}, but there are ${count}.`);
    if (seen[utterance]++) throw new UserError(`The subset names utterance ${utterance} twice.`);
  }
}
