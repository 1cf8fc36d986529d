import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, UserError } from '../errors.js';
import { fitAffineCalibration } from '../eval/affine-calibration.js';
import { cllr } from '../eval/detection/cllr.js';
import { equalError } from '../eval/detection/eer.js';
import type { SortedScores } from '../eval/detection/sorted-scores.js';
import { thresholdTable } from '../eval/detection/threshold-table.js';
import { checkSameModel, type ModelIdentity, modelIdentity } from '../eval/model-identity.js';
import { writeFileAtomic } from '../io/atomic.js';

/** False-accept rates whose thresholds a calibration holds. */
export const FALSE_ACCEPT_RATES = [0.1, 0.01, 0.001] as const;

/** Scores above `threshold` are accepted. Rates are fractions, on the trials that it was measured on. */
const operatingPoint = z.strictObject({
  /** The false-accept rate asked for. */
  allowed: z.number(),
  threshold: z.number(),
  falseAccept: z.number(),
  falseReject: z.number(),
});

const measuredOn = z.strictObject({
  /** The file or list, for people. */
  source: z.string(),
  /** `crops`: no labels; parts of one recording against parts of others. */
  kind: z.enum(['scores', 'trials', 'crops']),
  targets: z.number().int().positive(),
  nontargets: z.number().int().positive(),
});

const calibration = z.strictObject({
  format: z.literal('voxloop-calibration-1'),
  model: modelIdentity,
  /** The model that embeds the enrolments, where it is another one: a student's teacher. */
  enrolledBy: modelIdentity.optional(),
  /** True when the mean embedding is subtracted before the cosine. */
  meanSubtracted: z.boolean(),
  /** log-likelihood ratio = scale * cosine + offset, natural logarithm. */
  scale: z.number().positive(),
  offset: z.number(),
  prior: z.number().gt(0).lt(1),
  /** Of the log-likelihood ratios, on the trials that they were fitted to; 0 at best, 1 for no information. */
  cllr: z.number(),
  equalError: z.strictObject({ eer: z.number(), threshold: z.number() }),
  /** One for each rate of `FALSE_ACCEPT_RATES` that the trials are enough for. */
  thresholds: z.array(operatingPoint),
  measuredOn,
});

/** The calibration of a model's scores, as stored in calibration.json beside the model. */
export type Calibration = z.output<typeof calibration>;
export type MeasuredOn = z.output<typeof measuredOn>;

/** The calibration of a model with itself; with another one, which enrols, its file has that one's digest in its name. */
export const calibrationFileOf = (enrolledBy?: ModelIdentity): string =>
  enrolledBy ? `calibration-${enrolledBy.digest.slice(0, 12)}.json` : 'calibration.json';

/** Calibrates cosines of labelled trials. @throws UserError where they cannot be: see fitAffineCalibration */
export function calibrate(
  scores: SortedScores,
  about: Pick<Calibration, 'model' | 'enrolledBy' | 'meanSubtracted'> & {
    prior?: number;
    source: string;
    kind: MeasuredOn['kind'];
  },
): Calibration {
  const { model, enrolledBy, meanSubtracted, prior = 0.5, source, kind } = about;
  const { targets, nontargets } = scores;
  const { scale, offset } = fitAffineCalibration(scores, prior);
  const toLlr = (list: SortedScores['targets']) => Float64Array.from(list, (score) => scale * score + offset);
  const pair = enrolledBy ? { enrolledBy } : {};
  // One false accept must be possible within the rate.
  const rates = FALSE_ACCEPT_RATES.filter((rate) => rate * nontargets.length >= 1);
  return {
    format: 'voxloop-calibration-1',
    model,
    ...pair,
    meanSubtracted,
    prior,
    scale,
    offset,
    cllr: cllr({ targets: toLlr(targets), nontargets: toLlr(nontargets) }),
    equalError: equalError(scores),
    thresholds: thresholdTable(scores, rates),
    measuredOn: { source, kind, targets: targets.length, nontargets: nontargets.length },
  };
}

/** Writes DIR/calibration.json, or that of a pair of models, whole or not at all. */
export function writeCalibration(dir: string, value: Calibration): string {
  const path = join(dir, calibrationFileOf(value.enrolledBy));
  writeFileAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
  return path;
}

/**
 * The calibration in a model's folder; null where there is none.
 * @param enrolledBy the model that embeds the enrolments, where it is another one
 * @throws UserError when the file is broken, or was measured with other models
 */
export function readCalibration(dir: string, model: ModelIdentity, enrolledBy?: ModelIdentity): Calibration | null {
  const path = join(dir, calibrationFileOf(enrolledBy));
  if (!existsSync(path)) return null;
  const advice = 'Calibrate again with `voxloop calibrate`, or delete the file.';
  const calibrated = parse(path, advice);
  checkSameModel(path, calibrated.model, model, advice);
  if (enrolledBy) checkSameModel(path, calibrated.enrolledBy, enrolledBy, advice);
  return calibrated;
}

function parse(path: string, advice: string): Calibration {
  try {
    return calibration.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new UserError(`${path} is not a calibration that this version of voxloop reads: ${reason}. ${advice}`);
  }
}
