import type { ShardSet } from '../../data/shards/shards.js';
import { createRng } from '../../random.js';
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

/**
 * Numbers of the utterances, in order, that a draw takes until it has so many hours; all of them where there are fewer. A draw of more
 * hours with the same seed holds that of fewer.
 */
export function drawHours({ samples }: Pick<ShardSet, 'samples'>, hours: number, seed: number): number[] {
  const order = createRng(`${seed}/filter/hours`).shuffle(Int32Array.from(samples.keys()));
  let left = hours * 3600 * SAMPLE_RATE_HZ;
  const drawn: number[] = [];
  for (const utterance of order) {
    if (left <= 0) break;
    left -= samples[utterance];
    drawn.push(utterance);
  }
  return drawn.sort((a, b) => a - b);
}

/** Utterances of a shard set, all where none are named; those longer than `mostSeconds` as equal parts that are not. */
export function stretchesOf(
  { ids, samples }: Pick<ShardSet, 'ids' | 'samples'>,
  mostSeconds = Infinity,
  utterances: Iterable<number> = ids.keys(),
): Stretch[] {
  return Array.from(utterances).flatMap((utterance) => {
    const id = ids[utterance];
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
