import { createRng } from '../../random.js';
import { type Sampler, type SamplerOptions, samplerOver } from './sampler.js';

/** The lengths of crops to choose from. */
export interface LengthRule {
  /** Length of each utterance in samples. // [utterances] */
  samples: Int32Array;
  /** Lengths of crops in samples, ascending. */
  crops: readonly number[];
}

/**
 * Batches of utterances of similar length, cut as long as all of them allow: each utterance goes to the longest crop length that it
 * fills, or to the shortest one (and is repeated to fill it). Utterances left over at a length go to the next shorter one, so that an
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
    const ofEpoch: { of: Int32Array; crop: number }[] = [];
    let over: number[] = [];
    for (const crop of [...crops.keys()].reverse()) {
      const sameCrop = rng.shuffle([...utterances].filter((utterance) => cropOf(utterance) === crop));
      const all = [...over, ...sameCrop];
      const whole = Math.floor(all.length / batchSize);
      for (let i = 0; i < whole; i++)
        ofEpoch.push({ of: Int32Array.from(all.slice(i * batchSize, (i + 1) * batchSize)), crop });
      over = all.slice(whole * batchSize);
    }
    return rng.shuffle(ofEpoch);
  };
  let lengths: number[] = [];
  const sampler = samplerOver(options, (utterances, epoch) => {
    const ofEpoch = batches(utterances, epoch);
    lengths = ofEpoch.map(({ crop }) => crops[crop]);
    return Int32Array.from(ofEpoch.flatMap(({ of }) => [...of]));
  });
  return {
    ...sampler,
    batchAt(step) {
      const batch = sampler.batchAt(step);
      return { ...batch, samples: lengths[step - batch.epoch * sampler.batchesPerEpoch] };
    },
  };
}
