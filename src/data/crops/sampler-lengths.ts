import { createRng } from '../../random.js';
import { type Sampler, type SamplerOptions, samplerOver } from './sampler.js';

/** Which batches hold crops of which length. */
export interface LengthRule {
  /** Length of each utterance. // [utterances] */
  samples: Int32Array;
  /** Lengths of crops, rising. */
  crops: readonly number[];
}

/**
 * Batches of utterances of similar length, cut as long as all of them allow: each utterance goes to the longest of the crop lengths that
 * it holds, or to the shortest one (where it is repeated to fill it). What a length has over goes to the next shorter one, so that an
 * epoch drops no more than the last few. The batches of an epoch come in random order.
 */
export function createLengthSampler(options: SamplerOptions, { samples, crops }: LengthRule): Sampler {
  const { seed, batchSize } = options;
  const cropOf = (utterance: number): number =>
    Math.max(
      0,
      crops.findLastIndex((length) => length <= samples[utterance]),
    );
  const batches = (utterances: Int32Array, epoch: number): { of: Int32Array; crop: number }[] => {
    const rng = createRng(seed).fork('lengths').fork(epoch);
    const found: { of: Int32Array; crop: number }[] = [];
    let over: number[] = [];
    for (const crop of [...crops.keys()].reverse()) {
      const own = rng.shuffle([...utterances].filter((utterance) => cropOf(utterance) === crop));
      const all = [...over, ...own];
      const whole = Math.floor(all.length / batchSize);
      for (let i = 0; i < whole; i++)
        found.push({ of: Int32Array.from(all.slice(i * batchSize, (i + 1) * batchSize)), crop });
      over = all.slice(whole * batchSize);
    }
    return rng.shuffle(found);
  };
  let lengths: number[] = [];
  const sampler = samplerOver(options, (utterances, epoch) => {
    const found = batches(utterances, epoch);
    lengths = found.map(({ crop }) => crops[crop]);
    return Int32Array.from(found.flatMap(({ of }) => [...of]));
  });
  return {
    ...sampler,
    batchAt(step) {
      const batch = sampler.batchAt(step);
      return { ...batch, samples: lengths[step - batch.epoch * sampler.batchesPerEpoch] };
    },
  };
}
