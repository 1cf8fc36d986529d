import { UserError } from '../../errors.js';
import { norm } from '../../rows.js';
import { type Cohort, type CohortStatistics, cohortStatistics } from './cohort-statistics.js';
import type { PairScorer } from './pair-scorer.js';
import { LONGEST_SECONDS, type QualityMeasure, type SideValues } from './quality-measures.js';
import { type TrialInput, type TrialPairs, vectorsOf } from './trial-pairs.js';

/** A trial list with the properties of its utterances besides their embeddings. */
export interface SideInput extends TrialInput {
  /** By utterance; needed where the calibration uses durations. */
  seconds?: ReadonlyMap<string, number>;
  /** The cohort speaker (by number) who speaks an utterance, left out of its statistics: for trials among training recordings. */
  ownCohort?: ReadonlyMap<string, number>;
}

/** Cohort statistics of both sides of the trials, by their numbers in TrialPairs. */
export interface SideStatistics {
  model: CohortStatistics;
  test: CohortStatistics;
}

/**
 * Cohort statistics of every model and test utterance. A score is the same both ways, so a test utterance is treated as a model of its
 * own, and one that is both is scored once.
 */
export function sideStatistics(
  scorer: PairScorer,
  cohort: Cohort,
  { models, tests }: TrialPairs,
  { embeddings, ownCohort }: SideInput,
): SideStatistics {
  const single = new Map(models.flatMap(({ name, utterances }, i) => (isSingle(name, utterances) ? [[name, i]] : [])));
  const rest = tests.filter((name) => !single.has(name));
  const sides = [...models, ...rest.map((name) => ({ name, utterances: [name] }))];
  const { mean, deviation } = cohortStatistics(
    sides.length,
    (i) => scorer.enrol(vectorsOf(sides[i].utterances, embeddings), sides[i].name),
    cohort,
    (i) => ownCohort?.get(sides[i].utterances[0]) ?? -1,
  );
  let next = models.length;
  const place = tests.map((name) => single.get(name) ?? next++);
  const pick = (values: Float64Array) => Float64Array.from(place, (i) => values[i]);
  return {
    model: { mean: mean.subarray(0, models.length), deviation: deviation.subarray(0, models.length) },
    test: { mean: pick(mean), deviation: pick(deviation) },
  };
}

const isSingle = (name: string, utterances: readonly string[]) => utterances.length === 1 && utterances[0] === name;

/**
 * The quality measures of both sides. A model lasts as long as its utterances together (20 s at most); its magnitude is the mean of
 * theirs.
 * @param statistics needed for `cohort-means`
 * @throws UserError naming an utterance whose duration is needed and unknown
 */
export function sideValues(
  measures: readonly QualityMeasure[],
  { models, tests }: TrialPairs,
  { embeddings, seconds }: SideInput,
  statistics: SideStatistics | null,
): SideValues[] {
  const bySide = (measure: QualityMeasure, measureOf: (utterances: readonly string[]) => number): SideValues => ({
    measure,
    model: Float64Array.from(models, ({ utterances }) => measureOf(utterances)),
    test: Float64Array.from(tests, (name) => measureOf([name])),
  });
  const magnitude = (name: string) => norm(embeddings.get(name)!);
  const duration = (name: string) => durationOf(name, seconds);
  return measures.map((measure) => {
    if (measure === 'cohort-means') return { measure, model: statistics!.model.mean, test: statistics!.test.mean };
    if (measure === 'magnitudes') return bySide(measure, (names) => sum(names, magnitude) / names.length);
    return bySide(measure, (names) => Math.min(LONGEST_SECONDS, sum(names, duration)));
  });
}

function durationOf(name: string, seconds: SideInput['seconds']): number {
  const duration = seconds?.get(name);
  if (duration !== undefined) return duration;
  throw new UserError(
    `The calibration needs durations, and that of ${name} is unknown. Give it, or use a calibration without durations.`,
  );
}

const sum = (names: readonly string[], measureOf: (name: string) => number): number =>
  names.reduce((total, name) => total + measureOf(name), 0);
