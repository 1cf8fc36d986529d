/** The properties of a trial that a calibration may use besides its score. */
export const qualityMeasures = ['durations', 'magnitudes', 'cohort-means'] as const;
export type QualityMeasure = (typeof qualityMeasures)[number];

/** Durations are capped at this: longer recordings are no more reliable. */
export const LONGEST_SECONDS = 20;

/** A quality of both sides of the trials, by the numbers that TrialPairs gives them. */
export interface SideValues {
  measure: QualityMeasure;
  /** [models] */
  model: Float64Array;
  /** [tests] */
  test: Float64Array;
}

/** Names of a trial's features, in order: the score, then four of each measure. */
export const featureNames = (measures: readonly QualityMeasure[]): string[] => [
  'score',
  ...measures.flatMap((measure) => ['min', 'max', 'difference', 'ratio'].map((kind) => `${kind} of ${measure}`)),
];

/**
 * Writes a trial's features: its score and, of each measure, the smaller and the larger side, their distance and their ratio (the
 * one nearer to zero over the other, so in [-1, 1] for measures of any sign; 1 when both are zero).
 */
export function writeFeatures(
  score: number,
  measures: readonly SideValues[],
  model: number,
  test: number,
  into: Float64Array,
): void {
  into[0] = score;
  for (const [i, values] of measures.entries()) {
    const a = values.model[model];
    const b = values.test[test];
    const [near, far] = Math.abs(a) < Math.abs(b) ? [a, b] : [b, a];
    into.set([Math.min(a, b), Math.max(a, b), Math.abs(a - b), far === 0 ? 1 : near / far], 1 + 4 * i);
  }
}
