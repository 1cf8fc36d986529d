import { type CostOptions, hullDcf, PRIORS } from './dcf.js';
import { EER_RULES, type EerRule, equalError } from './eer.js';
import { computeFigures, type Figures } from './figures.js';
import { rocHull } from './roc-hull.js';
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

/** All metrics of sorted scores; rates are fractions, costs by prior. */
export interface DetectionMetrics extends Figures {
  trials: number;
  targets: number;
  /** Of the headline EER. */
  rule: EerRule;
  /** Scores above it are accepted where the EER is met. */
  threshold: number;
  eerByRule: Record<EerRule, number>;
  /** Scores above them are accepted where the cost is lowest. */
  minDcfThreshold: Record<string, number>;
  costs: Required<CostOptions>;
  thresholds: ThresholdRow[];
}

/** Computes all metrics: one pass for the convex hull, one for Cllr, and binary searches. */
export function detectionMetrics(
  scores: SortedScores,
  { rule = 'interpolated', priors = PRIORS, allowed = [], ...costOptions }: MetricOptions = {},
): DetectionMetrics {
  const costs = { costMiss: 1, costFalseAlarm: 1, normalised: true, ...costOptions };
  const hull = rocHull(scores);
  const errors = Object.fromEntries(EER_RULES.map((name) => [name, equalError(scores, name, hull)] as const));
  return {
    trials: scores.targets.length + scores.nontargets.length,
    targets: scores.targets.length,
    ...computeFigures({ scores, hull, rule, priors, costs }),
    rule,
    threshold: errors[rule].threshold,
    eerByRule: Object.fromEntries(EER_RULES.map((name) => [name, errors[name].eer])) as Record<EerRule, number>,
    minDcfThreshold: Object.fromEntries(priors.map((prior) => [String(prior), hullDcf(hull, prior, costs).threshold])),
    costs,
    thresholds: thresholdTable(scores, allowed),
  };
}
