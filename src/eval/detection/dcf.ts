import { type RocHull, rocHull } from './roc-hull.js';
import { acceptFrom, type Decisions, type SortedScores } from './sorted-scores.js';

/** The target priors at which minimum detection costs are reported. */
export const PRIORS = [0.01, 0.05] as const;

export interface CostOptions {
  /** Cost of rejecting a target; default 1. */
  costMiss?: number;
  /** Cost of accepting a nontarget; default 1. */
  costFalseAlarm?: number;
  /** Divide by the cost of the better of "accept all" and "reject all" (NIST); default true. SpeechBrain does not. */
  normalised?: boolean;
}

/**
 * The detection cost of an operating point (NIST SRE): costMiss P(miss) prior + costFalseAlarm P(false alarm) (1 - prior), as a
 * function of its counts.
 * @param all number of trials of either kind: every target missed, every nontarget accepted
 * @param prior probability of a target trial, in (0, 1)
 */
export function detectionCost(
  all: Decisions,
  prior: number,
  { costMiss = 1, costFalseAlarm = 1, normalised = true }: CostOptions = {},
): (decisions: Decisions) => number {
  const missWeight = costMiss * prior;
  const falseAlarmWeight = costFalseAlarm * (1 - prior);
  const unit = normalised ? Math.min(missWeight, falseAlarmWeight) : 1;
  const perMiss = missWeight / all.misses;
  const perFalseAlarm = falseAlarmWeight / all.falseAlarms;
  return ({ misses, falseAlarms }) => (perMiss * misses + perFalseAlarm * falseAlarms) / unit;
}

/** The lowest detection cost over all thresholds; normalised, it is at most 1. Tie-safe as equalError. */
export function minDcf(scores: SortedScores, prior: number, options?: CostOptions): number {
  return hullDcf(rocHull(scores), prior, options).cost;
}

/** minDcf from the convex hull, one of whose vertices has the lowest cost, and the highest score that is rejected there. */
export function hullDcf(
  { misses, falseAlarms, rejected }: RocHull,
  prior: number,
  options?: CostOptions,
): { cost: number; threshold: number } {
  const costOf = detectionCost({ misses: misses.at(-1)!, falseAlarms: falseAlarms[0] }, prior, options);
  const costs = misses.map((count, i) => costOf({ misses: count, falseAlarms: falseAlarms[i] }));
  const best = costs.indexOf(costs.reduce((lowest, cost) => Math.min(lowest, cost)));
  // Rounding must not make the better of "accept all" and "reject all" cost more than itself.
  return { cost: options?.normalised === false ? costs[best] : Math.min(1, costs[best]), threshold: rejected[best] };
}

/** The Bayes threshold: the natural-log likelihood ratio from which accepting costs less than rejecting. */
export function bayesThreshold(prior: number, { costMiss = 1, costFalseAlarm = 1 }: CostOptions = {}): number {
  return Math.log((costFalseAlarm * (1 - prior)) / (costMiss * prior));
}

/**
 * The actual detection cost of calibrated scores: that of accepting from the Bayes threshold on. Not bounded by 1.
 * @param scores natural-log likelihood ratios
 */
export function actDcf(scores: SortedScores, prior: number, options?: CostOptions): number {
  const all = { misses: scores.targets.length, falseAlarms: scores.nontargets.length };
  return detectionCost(all, prior, options)(acceptFrom(scores, bayesThreshold(prior, options)));
}
