import { UserError } from '../../errors.js';
import { rowsOf } from '../../rows.js';
import { checkSameModel, type ModelIdentity } from '../model-identity.js';
import { type Calibration, calibrate, checkScoreKind, type MeasuredScores, type ScoreKind } from './calibration.js';
import type { Cohort } from './cohort-statistics.js';
import { cosineScorer, type PairScorer } from './pair-scorer.js';
import { type Plda, type PldaScoring, pldaScorer } from './plda.js';
import type { QualityMeasure } from './quality-measures.js';
import { normaliseScores } from './score-norm.js';
import type { EmbeddingStep } from './steps.js';
import { scorePairs, trialPairs } from './trial-pairs.js';
import { type SideInput, sideStatistics, sideValues } from './trial-sides.js';

/** Best-scoring cohort speakers of adaptive s-norm, by default. */
export const DEFAULT_TOP = 300;

/** The chain from embeddings to scores: steps, cosine or PLDA, score normalisation, calibration. */
export interface Backend {
  /** Dimensions of the embeddings it takes. */
  size: number;
  steps: readonly EmbeddingStep[];
  /** null: cosine. */
  plda: { model: Plda; scoring: PldaScoring } | null;
  norm: ScoreKind['norm'];
  /** [speakers, size] mean embedding of speakers (or clusters) whom no trial is about; what `norm` and cohort means need. */
  cohort: Float32Array | null;
  calibration: Calibration | null;
  /** By its weights, the model whose embeddings it learned from; null if unknown. */
  model: ModelIdentity | null;
}

/** Scores of a trial list after each part of the chain; null where the chain lacks that part. // [trials] each */
export interface BackendScores {
  plain: Float32Array;
  normalised: Float32Array | null;
  /** Natural log-likelihood ratios. */
  calibrated: Float32Array | null;
}

/** The part whose scores are natural log-likelihood ratios. */
export const CALIBRATED = 'calibrated';

/** The scores after each part, by the part's name; those at the end of the chain are last. */
export function scoresByPart(
  { plda, norm }: Pick<Backend, 'plda' | 'norm'>,
  { plain, normalised, calibrated }: BackendScores,
): [name: string, scores: Float32Array][] {
  const parts: [string, Float32Array | null][] = [
    [plda ? 'plda' : 'cosine', plain],
    [norm?.kind ?? '', normalised],
    [CALIBRATED, calibrated],
  ];
  return parts.flatMap(([name, scores]) => (scores ? [[name, scores]] : []));
}

/** The parts of a chain that compare with speakers other than the two of a trial, for messages. */
export function cohortUses({
  norm,
  calibration,
}: {
  norm?: Backend['norm'];
  calibration?: { measures: readonly QualityMeasure[] } | null;
}): string[] {
  const means = calibration?.measures.includes('cohort-means') ? ['calibration by cohort means'] : [];
  return [...(norm ? [norm.kind] : []), ...means];
}

/** The fault of a chain with these cohort uses under a one-to-one rule; undefined when it has none. */
export function cohortFault(uses: readonly string[]): string | undefined {
  if (uses.length === 0) return undefined;
  return (
    `Cohort statistics are forbidden, and ${uses.join(' and ')} ${uses.length > 1 ? 'need' : 'needs'} them: a one-to-one rule decides ` +
    'a trial by its two sides alone. Leave them out, or allow the cohort.'
  );
}

/**
 * Checks that the parts of a chain fit each other.
 * @throws UserError for a chain without the cohort it needs, and for a calibration of scores of another kind
 */
export function checkBackend(backend: Backend): void {
  needCohort(backend, cohortUses(backend));
  if (backend.calibration) checkScoreKind(backend.calibration, scoreKindOf(backend));
}

/**
 * Checks that embeddings are of the model that a back-end learned from, where both are known.
 * @param name of the back-end in messages
 * @throws UserError naming both models
 */
export function checkBackendModel(name: string, { model }: Backend, other: ModelIdentity | undefined): void {
  checkSameModel(name, model, other, 'Train a back-end on embeddings of this model.');
}

function needCohort({ cohort, size }: Pick<Backend, 'cohort' | 'size'>, uses: readonly string[]): void {
  if (uses.length === 0) return;
  if (!cohort) {
    throw new UserError(`No cohort is given for ${uses.join(' and ')}. Give mean embeddings of other speakers.`);
  }
  if (cohort.length % size !== 0) {
    throw new UserError(`The cohort's embeddings do not have ${size} dimensions as these do.`);
  }
}

/**
 * Scores a trial list through a chain. Cohort statistics are made once for each model and test utterance, in blocks.
 * @throws UserError for durations that are missing, and as checkBackend, trialPairs and normaliseScores do
 */
export function scoreWithBackend(backend: Backend, input: SideInput): BackendScores {
  checkBackend(backend);
  const { calibration } = backend;
  const { plain, normalised, ...measured } = measureScores(backend, input, calibration?.measures ?? []);
  return { plain, normalised, calibrated: calibration && calibrate(calibration, measured) };
}

/** Scores with the quality measures of their sides, as a calibration takes them. @throws as scoreWithBackend */
export function measureScores(
  { size, steps, plda, norm, cohort }: Omit<Backend, 'calibration' | 'model'>,
  input: SideInput,
  measures: readonly QualityMeasure[],
): MeasuredScores & Pick<BackendScores, 'plain' | 'normalised'> {
  const pairs = trialPairs(input, size);
  const scorer = plda ? pldaScorer(plda.model, steps, plda.scoring) : cosineScorer(steps);
  const plain = scorePairs(scorer, pairs, input.embeddings);
  const uses = cohortUses({ norm, calibration: { measures } });
  needCohort({ cohort, size }, uses);
  const top = norm?.kind === 's-norm' ? Number.POSITIVE_INFINITY : (norm?.top ?? DEFAULT_TOP);
  const statistics =
    uses.length > 0 ? sideStatistics(scorer, { rows: cohortRows(scorer, cohort!, size), top }, pairs, input) : null;
  const normalised = norm && normaliseScores(plain, pairs, statistics!);
  checkFinite(normalised ?? plain, input.trials);
  const values = sideValues(measures, pairs, input, statistics);
  return { pairs, plain, normalised, scores: normalised ?? plain, measures: values };
}

/** Refuses scores that say nothing, which a broken back-end gives. */
function checkFinite(scores: Float32Array, trials: SideInput['trials']): void {
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (wrong < 0) return;
  const { enrolment, test } = trials[wrong];
  throw new UserError(
    `The score of ${enrolment} and ${test} is ${scores[wrong]}. Check the parts of the back-end (PLDA, mean, cohort): one is broken or ` +
      'was made of embeddings of another kind.',
  );
}

/** The kind of scores of a chain, before its calibration. */
export const scoreKindOf = ({ plda, norm }: Pick<Backend, 'plda' | 'norm'>): ScoreKind => ({
  scorer: plda ? 'plda' : 'cosine',
  norm,
});

function cohortRows(scorer: PairScorer, cohort: Float32Array, size: number): Cohort['rows'] {
  return Array.from(rowsOf(cohort, size), (vector, i) => {
    if (!vector.every(Number.isFinite)) {
      throw new UserError(`Cohort speaker ${i} (counted from 0) has an embedding that is not finite.`);
    }
    return scorer.test(vector, `cohort speaker ${i}`);
  });
}
