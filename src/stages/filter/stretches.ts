import type { ShardSet } from '../../data/shards/shards.js';
import { SAMPLE_RATE_HZ } from '../../sample-rate.js';

/** What is judged at a time: an utterance, or one of the equal parts that a long one is cut into. */
export interface Stretch {
  /** The utterance's own id, with the number of the part behind it where there are several. */
  id: string;
  /** Number of the utterance in the shards. */
  utterance: number;
  /** In samples, from the utterance's start. */
  start: number;
  samples: number;
}

/** All utterances of a shard set; those longer than `mostSeconds` as equal parts that are not. */
export function stretchesOf({ ids, samples }: Pick<ShardSet, 'ids' | 'samples'>, mostSeconds = Infinity): Stretch[] {
  return ids.flatMap((id, utterance) => {
    const parts = Math.max(1, Math.ceil(samples[utterance] / (mostSeconds * SAMPLE_RATE_HZ)));
    const edge = (part: number) => Math.round((part * samples[utterance]) / parts);
    return Array.from({ length: parts }, (_, part) => ({
      id: parts === 1 ? id : `${id}.${part + 1}`,
      utterance,
      start: edge(part),
      samples: edge(part + 1) - edge(part),
    }));
  });
}
