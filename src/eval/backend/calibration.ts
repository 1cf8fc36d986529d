import { z } from 'zod';
import { UserError } from '../../errors.js';
import { dot } from '../../rows.js';
import { fitLogistic } from './logistic-regression.js';
import { featureNames, qualityMeasures, type SideValues, writeFeatures } from './quality-measures.js';
import type { TrialPairs } from './trial-pairs.js';

/** The kind of scores that a calibration applies to. */
export const scoreKind = z.strictObject({
  scorer: z.enum(['cosine', 'plda']),
  norm: z.strictObject({ kind: z.enum(['s-norm', 'as-norm']), top: z.number().int().positive() }).nullable(),
});
export type ScoreKind = z.output<typeof scoreKind>;

/** The contents of score-calibration.json. */
export const calibrationSchema = z.strictObject({
  format: z.literal('voxloop-score-calibration-1'),
  /** The kind of scores it calibrates. */
  scores: scoreKind,
  measures: z.array(z.enum(qualityMeasures)),
  features: z.array(z.strictObject({ name: z.string(), weight: z.number() })).min(1),
  bias: z.number(),
  /** Trials it was learned from, and their Cllr in bits. */
  trials: z.number().int(),
  cllr: z.number(),
});

/**
 * Logistic regression over a score and quality measures of a trial; its value is a natural log-likelihood ratio. As file:
 * score-calibration.json.
 */
export type Calibration = z.output<typeof calibrationSchema>;

/** Scored trials with the qualities of their sides. */
export interface MeasuredScores {
  pairs: Pick<TrialPairs, 'model' | 'test'>;
  /** [trials] */
  scores: Float32Array;
  measures: readonly SideValues[];
}

/**
 * Learns a calibration (quality measure functions, as in Thienpondt, Desplanques and Demuynck, "The IDLab VoxSRC-20 Submission: Large
 * Margin Fine-Tuning and Quality-Aware Score Calibration in DNN Based Speaker Verification", ICASSP 2021, arXiv:2010.11255) that minimises
 * Cllr.
 * @param isTarget [trials]
 * @throws UserError when one kind of trial is missing or a feature is not finite
 */
export function fitCalibration(
  measured: MeasuredScores,
  isTarget: Uint8Array,
  scores: ScoreKind,
  { ridge }: { ridge?: number } = {},
): Calibration {
  const measures = measured.measures.map(({ measure }) => measure);
  const names = featureNames(measures);
  const width = names.length;
  const features = new Float64Array(isTarget.length * width);
  for (let i = 0; i < isTarget.length; i++) featuresOf(measured, i, features.subarray(i * width, (i + 1) * width));
  const { weights, bias, cllr } = fitLogistic({ features, width, isTarget }, { ridge });
  return {
    format: 'voxloop-score-calibration-1',
    scores,
    measures,
    bias,
    cllr,
    trials: isTarget.length,
    features: names.map((name, i) => ({ name, weight: weights[i] })),
  };
}

/** Checks that a calibration was learned from scores of this kind. @throws UserError that names both kinds */
export function checkScoreKind({ scores }: Calibration, kind: ScoreKind): void {
  if (describe(scores) === describe(kind)) return;
  throw new UserError(
    `The calibration was learned from ${describe(scores)}, and these are ${describe(kind)}. ` +
      'Score in the same way, or learn another calibration.',
  );
}

/** Calibrated scores, natural log-likelihood ratios. // [trials] */
export function calibrate({ features, bias }: Calibration, measured: MeasuredScores): Float32Array {
  const weights = features.map(({ weight }) => weight);
  const row = new Float64Array(weights.length);
  return measured.scores.map((_, i) => {
    featuresOf(measured, i, row);
    return dot(weights, row) + bias;
  });
}

const featuresOf = ({ pairs, scores, measures }: MeasuredScores, trial: number, into: Float64Array): void =>
  writeFeatures(scores[trial], measures, pairs.model[trial], pairs.test[trial], into);

function describe({ scorer, norm }: ScoreKind): string {
  const scores = scorer === 'plda' ? 'PLDA scores' : 'cosine scores';
  if (!norm) return `${scores} without score normalisation`;
  return `${scores} with ${norm.kind}${norm.kind === 'as-norm' ? ` (top ${norm.top})` : ''}`;
}
