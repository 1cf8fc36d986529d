import { UserError } from '../../errors.js';
import type { CohortStatistics } from './cohort-statistics.js';
import type { TrialPairs } from './trial-pairs.js';

/**
 * Normalises scores from both sides (s-norm: Kenny, "Bayesian Speaker Verification with Heavy-Tailed Priors", Odyssey 2010; adaptive
 * s-norm: Matejka et al., "Analysis of Score Normalization in Multilingual Speaker Recognition", Interspeech 2017): the mean of the score
 * in standard deviations above each side's cohort scores. The statistics already hold the choice of cohort speakers.
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
