import { cllr } from './cllr.js';
import { actDcf, type CostOptions, hullDcf, PRIORS } from './dcf.js';
import { EER_RULES, type EerRule, equalError } from './eer.js';
import { minCllr, rocHull } from './roc-hull.js';
import type { SortedScores } from './sorted-scores.js';
import { type ThresholdRow, thresholdTable } from './threshold-table.js';

export interface MetricOptions extends CostOptions {
  /** The rule of the headline EER; default `interpolated`. */
  rule?: EerRule;
  /** Target priors of the detection costs; default 0.01 and 0.05. */
  priors?: readonly number[];
  /** False-accept rates for the table of thresholds; default none. */
  allowed?: readonly number[];
}

/** Everything that sorted scores tell; rates are fractions, costs by prior. */
export interface DetectionMetrics {
  trials: number;
  targets: number;
  eer: number;
  rule: EerRule;
  /** Scores above it are accepted where the EER is met. */
  threshold: number;
  eerByRule: Record<EerRule, number>;
  minDcf: Record<string, number>;
  /** Cost at the Bayes threshold; it and `cllr` read the scores as natural-log likelihood ratios. */
  actDcf: Record<string, number>;
  /** Scores above them are accepted where the cost is lowest. */
  minDcfThreshold: Record<string, number>;
  costs: Required<CostOptions>;
  /** In bits. */
  cllr: number;
  minCllr: number;
  thresholds: ThresholdRow[];
}

/** Computes all metrics: one pass for the convex hull, one for Cllr, and binary searches. */
export function detectionMetrics(
  scores: SortedScores,
  { rule = 'interpolated', priors = PRIORS, allowed = [], ...given }: MetricOptions = {},
): DetectionMetrics {
  const costs = { costMiss: 1, costFalseAlarm: 1, normalised: true, ...given };
  const hull = rocHull(scores);
  const byRule = EER_RULES.map((each) => [each, equalError(scores, each, hull)] as const);
  const { eer, threshold } = Object.fromEntries(byRule)[rule];
  const best = priors.map((prior) => [String(prior), hullDcf(hull, prior, costs)] as const);
  return {
    trials: scores.targets.length + scores.nontargets.length,
    targets: scores.targets.length,
    ...{ eer, rule, threshold },
    eerByRule: Object.fromEntries(byRule.map(([each, found]) => [each, found.eer])) as Record<EerRule, number>,
    minDcf: Object.fromEntries(best.map(([prior, { cost }]) => [prior, cost])),
    actDcf: Object.fromEntries(priors.map((prior) => [String(prior), actDcf(scores, prior, costs)])),
    minDcfThreshold: Object.fromEntries(best.map(([prior, found]) => [prior, found.threshold])),
    costs,
    cllr: cllr(scores),
    minCllr: minCllr(hull),
    thresholds: thresholdTable(scores, allowed),
  };
}
