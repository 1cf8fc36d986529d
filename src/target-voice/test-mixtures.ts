import { UserError } from '../errors.js';
import { createRng, type Rng } from '../random.js';
import { norm } from '../rows.js';

/** A mixture of two utterances, by their numbers, and the recordings that its measurement needs. */
export interface TestMixture {
  target: number;
  /** Of another speaker. */
  other: number;
  /** Another utterance of the target's speaker. */
  enrolment: number;
  /** Another utterance of the other speaker. */
  otherEnrolment: number;
  /** An utterance of a third speaker; null where there are two. */
  wrong: number | null;
  /** Ratio of the target to the other. */
  snrDb: number;
}

/** How test mixtures are drawn. */
export interface TestPlan {
  count: number;
  snrDb: readonly [number, number];
  seed: string;
}

/**
 * Draws mixtures of utterances of two speakers. Every speaker has at least two utterances in use: one is mixed, another one enrols.
 * @param speakers of each utterance, '' where unknown: these are not used
 * @throws UserError where fewer than two speakers have two utterances
 */
export function planTestMixtures(speakers: readonly string[], { count, snrDb, seed }: TestPlan): TestMixture[] {
  const groups = utterancesBySpeaker(speakers).filter((members) => members.length > 1);
  if (groups.length < 2)
    throw new UserError(
      `Mixtures for a test need two speakers with two utterances each, and the corpus has ${groups.length} such ` +
        `speaker${groups.length === 1 ? '' : 's'} to test with. Add recordings, or give mixtures: 0 to measure nothing.`,
    );
  return Array.from({ length: count }, (_, i) => {
    const rng = createRng(seed).fork(i);
    const [own, others, third] = rng.shuffle(groups.slice()).slice(0, 3);
    const [target, enrolment] = pair(own, rng);
    const [other, otherEnrolment] = pair(others, rng);
    const wrong = third ? third[rng.int(third.length)] : null;
    return { target, enrolment, other, otherEnrolment, wrong, snrDb: rng.uniform(snrDb[0], snrDb[1]) };
  });
}

/** Numbers of the utterances of each known speaker. */
function utterancesBySpeaker(speakers: readonly string[]): number[][] {
  const groups = new Map<string, number[]>();
  speakers.forEach((speaker, i) => {
    if (speaker !== '') groups.set(speaker, (groups.get(speaker) ?? []).concat(i));
  });
  return Array.from(groups.values());
}

const pair = (members: readonly number[], rng: Rng): number[] => rng.shuffle(members.slice()).slice(0, 2);

/**
 * Mixes two utterances at a ratio of their root mean squares, as long as the shorter of them.
 * @param target samples in [-1, 1]; and `other`
 * @returns the mixture and the target in it, both brought down together where they would leave [-1, 1]
 */
export function mixTwo(
  target: Float32Array,
  other: Float32Array,
  snrDb: number,
): { mixture: Float32Array; target: Float32Array } {
  const samples = Math.min(target.length, other.length);
  const [own, added] = [target.slice(0, samples), other.subarray(0, samples)];
  const gain = (norm(own) / Math.max(norm(added), 1e-9)) * 10 ** (-snrDb / 20);
  const mixture = own.map((value, i) => value + gain * added[i]);
  const peak = mixture.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return { mixture: mixture.map((value) => value / peak), target: own.map((value) => value / peak) };
}
