import type { Trial } from '../../data/trials.js';
import { type EerRule, equalError } from './eer.js';
import type { GroupFigures } from './figures.js';
import { sortScores } from './sorted-scores.js';

/** The group of each trial, as an index of `names`. */
export interface TrialGroups {
  names: string[];
  /** [trials] */
  groupOf: Int32Array;
}

/** The two sides differ. */
export const MIXED = 'mixed';
/** One side's value, or both, is not known. */
export const UNKNOWN = 'unknown';

/**
 * Groups trials by an attribute of their utterances: the value that both sides share, else `mixed`; `unknown` where a side has none.
 * @param values [utterances] '' for unknown
 * @param first [trials] index of the utterance on one side
 * @param second [trials] on the other
 */
export function groupPairs(
  values: readonly string[],
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): TrialGroups {
  const names = [...new Set(values.filter((value) => value !== ''))].sort();
  const numbers = new Map(names.map((name, i) => [name, i]));
  const numberOf = Int32Array.from(values, (value) => numbers.get(value) ?? -1);
  const [mixed, unknown] = [names.length, names.length + 1];
  const groupOf = Int32Array.from(first, (a, i) => {
    const [x, y] = [numberOf[a], numberOf[second[i]]];
    if (x < 0 || y < 0) return unknown;
    return x === y ? x : mixed;
  });
  return { names: [...names, MIXED, UNKNOWN], groupOf };
}

/** The utterances of trials, numbered by first mention, for groupPairs and groupDurations. */
export function numberSides(trials: readonly Trial[]): { names: string[]; first: Int32Array; second: Int32Array } {
  const numbers = new Map<string, number>();
  const numberOf = (utterance: string) => {
    const known = numbers.get(utterance);
    if (known === undefined) numbers.set(utterance, numbers.size);
    return known ?? numbers.size - 1;
  };
  const first = Int32Array.from(trials, ({ enrolment }) => numberOf(enrolment));
  const second = Int32Array.from(trials, ({ test }) => numberOf(test));
  return { names: [...numbers.keys()], first, second };
}

/** Edges of the bins of durations, in seconds. */
export const DURATION_EDGES: readonly number[] = [2, 5, 10];

/**
 * Groups trials by the bin of the shorter of their two sides; `unknown` where one has no duration.
 * @param seconds [utterances] NaN for unknown
 * @param first [trials] index of the utterance on one side
 * @param second [trials] on the other
 * @param edges as durationBin takes them
 */
export function groupDurations(
  seconds: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  edges: readonly number[] = DURATION_EDGES,
): TrialGroups {
  const bins = [Number.NEGATIVE_INFINITY, ...edges].map((from) => durationBin(from, edges));
  const groupOf = Int32Array.from(first, (a, i) => {
    const shorter = Math.min(seconds[a], seconds[second[i]]);
    if (Number.isNaN(shorter)) return bins.length;
    const above = edges.findIndex((edge) => shorter < edge);
    return above < 0 ? edges.length : above;
  });
  return { names: [...bins, UNKNOWN], groupOf };
}

/** Error rates by group; groups without trials are left out. */
export function groupErrors(
  scores: ArrayLike<number>,
  isTarget: ArrayLike<number | boolean>,
  { names, groupOf }: TrialGroups,
  rule?: EerRule,
): Record<string, GroupFigures> {
  const sizes = new Int32Array(names.length);
  const targets = new Int32Array(names.length);
  for (let i = 0; i < groupOf.length; i++) {
    sizes[groupOf[i]]++;
    if (isTarget[i]) targets[groupOf[i]]++;
  }
  const byName = names.flatMap((name, group) => {
    if (sizes[group] === 0) return [];
    const both = targets[group] > 0 && targets[group] < sizes[group];
    const eer = both ? eerWithin(scores, isTarget, groupOf, group, sizes[group], rule) : null;
    return [[name, { trials: sizes[group], targets: targets[group], eer }] as const];
  });
  return Object.fromEntries(byName);
}

function eerWithin(
  scores: ArrayLike<number>,
  isTarget: ArrayLike<number | boolean>,
  groupOf: Int32Array,
  group: number,
  size: number,
  rule: EerRule | undefined,
): number {
  const ofGroup = scores instanceof Float32Array ? new Float32Array(size) : new Float64Array(size);
  const labels = new Uint8Array(size);
  for (let i = 0, at = 0; i < groupOf.length; i++) {
    if (groupOf[i] !== group) continue;
    ofGroup[at] = scores[i];
    labels[at++] = isTarget[i] ? 1 : 0;
  }
  return equalError(sortScores(ofGroup, labels), rule).eer;
}

/**
 * The bin of a duration, as text: "< 2 s", "2-5 s", ">= 10 s".
 * @param edges ascending, in seconds; a bin holds its lower edge
 */
export function durationBin(seconds: number, edges: readonly number[]): string {
  const above = edges.findIndex((edge) => seconds < edge);
  if (above === 0) return `< ${edges[0]} s`;
  return above < 0 ? `>= ${edges.at(-1)} s` : `${edges[above - 1]}-${edges[above]} s`;
}
