import { UserError } from '../../errors.js';
import type { CohortStatistics } from './cohort-statistics.js';
import type { TrialPairs } from './trial-pairs.js';

/**
 * Normalises scores from both sides (Kenny 2010, s-norm; Cumani et al. 2011 and Matejka et al. 2017, adaptive s-norm): the mean of the
 * score in standard deviations above each side's cohort scores. Which cohort speakers count was decided with the statistics.
 * @param scores [trials]
 * @returns [trials]
 * @throws UserError for a side whose cohort scores are all equal
 */
export function normaliseScores(
  scores: Float32Array,
  { models, tests, model, test }: TrialPairs,
  statistics: { model: CohortStatistics; test: CohortStatistics },
): Float32Array {
  checkDeviations(statistics.model, (i) => models[i].name);
  checkDeviations(statistics.test, (i) => tests[i]);
  const { model: ofModel, test: ofTest } = statistics;
  return scores.map((score, i) => {
    const [m, t] = [model[i], test[i]];
    return 0.5 * ((score - ofModel.mean[m]) / ofModel.deviation[m] + (score - ofTest.mean[t]) / ofTest.deviation[t]);
  });
}

function checkDeviations({ deviation }: CohortStatistics, nameOf: (i: number) => string): void {
  const broken = deviation.findIndex((value) => !(value > 0));
  if (broken < 0) return;
  throw new UserError(
    `The cohort scores of ${nameOf(broken)} are all equal, so a score cannot be normalised by them. ` +
      'Use a cohort of more, and different, speakers.',
  );
}
