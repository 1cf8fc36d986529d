import { createRng } from '../../random.js';
import { groupsOfLabels } from './crop-sources.js';
import { type Sampler, type SamplerOptions, samplerOver } from './sampler.js';

/**
 * Batches in which every class comes equally often, however many utterances it has: an epoch is as long as one through all utterances,
 * and goes in rounds through the classes, each in an order of its own; a class goes round its utterances. `labels` [utterances] gives
 * each its class. An utterance may come again in an epoch, and in a batch where its class has few.
 */
export function createBalancedSampler(options: SamplerOptions, labels: Int32Array): Sampler {
  return samplerOver(options, (utterances, epoch) => {
    const rng = createRng(options.seed).fork('balanced').fork(epoch);
    const { offsets, members } = groupsOfLabels(Int32Array.from(utterances, (utterance) => labels[utterance]));
    const classes = [...offsets.keys()].filter((group) => offsets[group + 1] > offsets[group]);
    for (const group of classes) rng.shuffle(members.subarray(offsets[group], offsets[group + 1]));
    const order = Int32Array.from(classes);
    return Int32Array.from(utterances, (_, place) => {
      const [round, turn] = [Math.floor(place / order.length), place % order.length];
      if (turn === 0) rng.shuffle(order);
      const [from, to] = [offsets[order[turn]], offsets[order[turn] + 1]];
      return utterances[members[from + (round % (to - from))]];
    });
  });
}
