import { join } from 'node:path';
import { z } from 'zod';
import { detOfTrials, evaluateScores } from '../../eval/detection/evaluate.js';
import { writeScores } from '../../eval/score-files/scores-file.js';
import { writeFileAtomic } from '../../io/atomic.js';
import type { TestList } from '../artifacts/corpus-data.js';

const byPrior = z.record(z.string(), z.number());
const bounds = z.tuple([z.number(), z.number()]);

/**
 * Figures of one system on one list under one rule, as they stand in results.json: rates are fractions, costs normalised and by
 * target prior, Cllr in bits, intervals 95 % over resampled speakers. A user's stage may leave out what is optional.
 */
export const listFigures = z.object({
  eer: z.number(),
  minDcf: byPrior,
  minCllr: z.number().optional(),
  /** Of calibrated scores only, as is `cllr`; else null. */
  actDcf: byPrior.nullish(),
  cllr: z.number().nullish(),
  interval: z.object({ eer: bounds, minDcf: z.record(z.string(), bounds).optional() }).nullable(),
  trials: z.number().optional(),
  targets: z.number().optional(),
});

/** EER by attribute (gender, language, duration), then by group: see groupFigures. */
export const groupedFigures = z.record(
  z.string(),
  z.record(z.string(), z.object({ trials: z.number(), targets: z.number(), eer: z.number().nullable() })),
);
export type GroupedFigures = z.output<typeof groupedFigures>;

/**
 * The figures of scored trials, as they stand in results.json.
 * @param isCalibrated whether the scores are natural-log likelihood ratios, so that actDCF and Cllr mean something
 */
export function figuresOf(list: TestList, scores: Float32Array, isCalibrated = false) {
  const evaluation = evaluateScores(scores, list.trials, { speakers: list.speakers });
  const { eer, minDcf, minCllr, actDcf, cllr, interval, trials, targets } = evaluation;
  return {
    ...{ eer, minDcf, minCllr, actDcf: isCalibrated ? actDcf : null, cllr: isCalibrated ? cllr : null },
    interval: interval && { eer: interval.eer, minDcf: interval.minDcf },
    ...{ trials, targets },
  } satisfies z.output<typeof listFigures>;
}
export type Figures = ReturnType<typeof figuresOf>;

/** Scores and the DET curve of the headline rule, for the report. */
export function keepScores(dir: string, list: TestList, scores: Float32Array): void {
  writeScores(join(dir, `${list.name}.scores.txt`), scores, list.trials);
  writeFileAtomic(join(dir, `${list.name}.det.json`), JSON.stringify(detOfTrials(scores, list.trials)));
}
