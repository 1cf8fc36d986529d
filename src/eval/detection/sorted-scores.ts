import { UserError } from '../../errors.js';
import { type ScoreArray, sortFloats } from './radix-sort.js';

/** Scores of a trial list by kind, each ascending. Everything about a detector's errors follows from these two lists. */
export interface SortedScores {
  targets: ScoreArray;
  nontargets: ScoreArray;
}

const SHOWN = 5;

/**
 * Splits scores by kind and sorts them; higher means "same speaker". float32 scores stay float32.
 * @param scores [trials]
 * @param isTarget [trials], true or non-zero for a target trial
 * @param source names the scores in the message
 * @throws UserError for scores that are not numbers (how many, and the first few), or when one kind of trial is missing
 */
export function sortScores(
  scores: ArrayLike<number>,
  isTarget: ArrayLike<number | boolean>,
  source?: string,
): SortedScores {
  if (scores.length !== isTarget.length) throw new Error(`${scores.length} scores for ${isTarget.length} labels`);
  return sortInPlace(splitScores(scores, isTarget), source);
}

/** sortScores without the sorting: scores by kind, in the order of the trials. */
export function splitScores(scores: ArrayLike<number>, isTarget: ArrayLike<number | boolean>): SortedScores {
  let targetCount = 0;
  for (let i = 0; i < scores.length; i++) targetCount += isTarget[i] ? 1 : 0;
  const nontargetCount = scores.length - targetCount;
  // Each score is written to both lists and one of them moves on: a branch on shuffled labels would be guessed wrong every other
  // time. The last score needs a place in the list that is full.
  const make = (length: number) =>
    scores instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  const targets = make(targetCount + 1);
  const nontargets = make(nontargetCount + 1);
  let broken = 0;
  for (let i = 0, t = 0; i < scores.length; i++) {
    const score = scores[i];
    targets[t] = score;
    nontargets[i - t] = score;
    t += isTarget[i] ? 1 : 0;
    broken += Number.isNaN(score) ? 1 : 0;
  }
  if (broken > 0) throw notNumbers(scores, broken);
  return { targets: targets.subarray(0, targetCount), nontargets: nontargets.subarray(0, nontargetCount) };
}

function notNumbers(scores: ArrayLike<number>, broken: number): UserError {
  const places: number[] = [];
  for (let i = 0; places.length < Math.min(broken, SHOWN); i++) if (Number.isNaN(scores[i])) places.push(i);
  if (broken === 1) return new UserError(`The score of trial ${places[0]} (counted from 0) is not a number.`);
  return new UserError(
    `The scores of ${broken} trials are not numbers: ${places.join(', ')}${broken > SHOWN ? ', ...' : ''} (counted from 0). ` +
      'Score these trials again, or leave them out.',
  );
}

/**
 * Sorts both lists in place, so that no second copy of millions of scores stays in memory.
 * @param source names the scores in the message
 * @throws UserError when one kind of trial is missing
 */
export function sortInPlace(scores: SortedScores, source = 'The trial list'): SortedScores {
  const { targets, nontargets } = scores;
  if (targets.length === 0 || nontargets.length === 0) {
    throw new UserError(
      `${source} holds ${targets.length} target and ${nontargets.length} nontarget trials, and error rates need both kinds. ` +
        'Add trials of the missing kind.',
    );
  }
  for (const list of [targets, nontargets]) {
    sortFloats(list);
    // Sorted by their bits, NaNs stand at the ends.
    if (Number.isNaN(list[0]) || Number.isNaN(list.at(-1))) throw new Error('a score is NaN');
  }
  return scores;
}

/**
 * Visits every operating point that a threshold can reach, from "accept all" to "accept none". Thresholds lie between distinct
 * scores only, so trials of equal score are always decided alike.
 * @param visit gets the number of rejected targets, the number of accepted nontargets, and the highest rejected score (-Infinity
 *   while none is rejected); returning false ends the walk
 */
export function walkThresholds(
  { targets, nontargets }: SortedScores,
  visit: (misses: number, falseAlarms: number, rejected: number) => boolean | undefined,
): void {
  let t = 0;
  let n = 0;
  if (visit(0, nontargets.length, Number.NEGATIVE_INFINITY) === false) return;
  while (t < targets.length || n < nontargets.length) {
    const target = t < targets.length ? targets[t] : Number.POSITIVE_INFINITY;
    const nontarget = n < nontargets.length ? nontargets[n] : Number.POSITIVE_INFINITY;
    const rejected = Math.min(target, nontarget);
    while (t < targets.length && targets[t] === rejected) t++;
    while (n < nontargets.length && nontargets[n] === rejected) n++;
    if (visit(t, nontargets.length - n, rejected) === false) return;
  }
}

/** The errors at a threshold, in trials. */
export interface Decisions {
  /** Rejected targets. */
  misses: number;
  /** Accepted nontargets. */
  falseAlarms: number;
}

/** Decisions of the rule "accept what scores `threshold` or more"; two binary searches. */
export function acceptFrom({ targets, nontargets }: SortedScores, threshold: number): Decisions {
  return {
    misses: countBelow(targets, threshold),
    falseAlarms: nontargets.length - countBelow(nontargets, threshold),
  };
}

/** Decisions of the rule "accept what scores more than `rejected`": the operating point behind that score. */
export function acceptAbove({ targets, nontargets }: SortedScores, rejected: number): Decisions {
  return {
    misses: countUpTo(targets, rejected),
    falseAlarms: nontargets.length - countUpTo(nontargets, rejected),
  };
}

/** Number of the ascending values that are less than x. */
export const countBelow = (sorted: ScoreArray, x: number): number => firstIndex(sorted.length, (i) => sorted[i] >= x);

/** Number of the ascending values that are at most x. */
export const countUpTo = (sorted: ScoreArray, x: number): number => firstIndex(sorted.length, (i) => sorted[i] > x);

/** The first index in [0, length) from which a condition holds, once it holds for all that follow; `length` if it never does. */
export function firstIndex(length: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
