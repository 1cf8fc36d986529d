import { acceptAbove, type SortedScores } from './sorted-scores.js';

/** The threshold for a false-accept rate that may not be exceeded, and what it costs. */
export interface ThresholdRow {
  /** The highest false-accept rate allowed. */
  allowed: number;
  /** Scores above it are accepted; -Infinity accepts all. */
  threshold: number;
  /** Rates on these trials, fractions. */
  falseAccept: number;
  falseReject: number;
}

/**
 * The lowest thresholds that keep the false-accept rate within each bound.
 * @param rates in [0, 1]
 */
export function thresholdTable(scores: SortedScores, rates: readonly number[]): ThresholdRow[] {
  const { targets, nontargets } = scores;
  return rates.map((allowed) => {
    // A product such as 0.07 * 100 may fall short of its whole number by rounding.
    const accepted = Math.floor(allowed * nontargets.length * (1 + 1e-12));
    if (accepted >= nontargets.length) {
      return { allowed, threshold: Number.NEGATIVE_INFINITY, falseAccept: 1, falseReject: 0 };
    }
    const threshold = nontargets[nontargets.length - 1 - accepted];
    const { misses, falseAlarms } = acceptAbove(scores, threshold);
    return {
      allowed,
      threshold,
      falseAccept: falseAlarms / nontargets.length,
      falseReject: misses / targets.length,
    };
  });
}
