import type { Rng } from '../../random.js';

/** Utterances to learn from and to be judged by; numbers of utterances. */
export interface Split {
  train: Int32Array;
  /** Other utterances of the speakers in `train`. */
  familiar: Int32Array;
  /** Utterances of other speakers; where speakers are not kept apart, those of `familiar`. */
  test: Int32Array;
  apart: 'speakers' | 'utterances';
}

/** Of the speakers, and of a speaker's utterances. */
const TEST_SHARE = 0.3;

/** Keeps a share of every group apart, at least one member where there are two: [the rest, the share]. */
function shareOf(groups: Iterable<number[]>, rng: Rng): [number[], number[]] {
  const [rest, share]: [number[], number[]] = [[], []];
  for (const group of groups) {
    const drawn = rng.shuffle(group.slice());
    const count = drawn.length < 2 ? 0 : Math.min(drawn.length - 1, Math.max(1, Math.round(TEST_SHARE * drawn.length)));
    share.push(...drawn.slice(0, count));
    rest.push(...drawn.slice(count));
  }
  return [rest, share];
}

/** Numbers by key, in the order of the keys' first appearance. */
function grouped(numbers: Iterable<number>, keyOf: (i: number) => string | number): number[][] {
  const groups = new Map<string | number, number[]>();
  for (const i of numbers) {
    const key = keyOf(i);
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  }
  return [...groups.values()];
}

const sorted = (numbers: readonly number[]): Int32Array => Int32Array.from(numbers).sort();

/** Splits the labelled utterances, a share of each class for the test, without regard to speakers. @param labels -1 for none */
export function splitUtterances(labels: Int32Array, rng: Rng): Split {
  const [train, test] = shareOf(
    grouped(labelled(labels), (i) => labels[i]),
    rng,
  );
  return { train: sorted(train), familiar: sorted(test), test: sorted(test), apart: 'utterances' };
}

/**
 * Splits the labelled utterances so that no speaker is on both sides: of the speakers of each class (the one that most of a speaker's
 * utterances have) a share is for the test; of each other speaker's utterances a share is familiar.
 */
export function splitSpeakers(labels: Int32Array, speakers: readonly string[], rng: Rng): Split {
  const voices = grouped(labelled(labels), (i) => speakers[i]);
  const classOf = (voice: number): number => {
    const [largest] = grouped(voices[voice], (i) => labels[i]).sort((a, b) => b.length - a.length);
    return labels[largest[0]];
  };
  const [known, unknown] = shareOf(grouped(voices.keys(), classOf), rng.fork('speakers'));
  const own = known.sort((a, b) => a - b).map((voice) => voices[voice]);
  const [train, familiar] = shareOf(own, rng.fork('utterances'));
  return {
    train: sorted(train),
    familiar: sorted(familiar),
    test: sorted(unknown.flatMap((voice) => voices[voice])),
    apart: 'speakers',
  };
}

function* labelled(labels: Int32Array): Generator<number> {
  for (const [i, label] of labels.entries()) if (label >= 0) yield i;
}
