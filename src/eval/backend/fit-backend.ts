import { UserError } from '../../errors.js';
import { createRng } from '../../random.js';
import { rowsOf } from '../../rows.js';
import { alignWithDomain } from '../coral.js';
import { meanEmbedding } from '../cosine-scoring.js';
import type { ModelIdentity } from '../model-identity.js';
import { fitWhitening } from '../whitening.js';
import { fitCalibration } from './calibration.js';
import { calibrationTrials } from './calibration-trials.js';
import { classMeans } from './class-statistics.js';
import { fitLda } from './lda.js';
import { adaptPlda, type PldaAdaptation } from './plda-adapt.js';
import { fitPlda } from './plda-em.js';
import type { QualityMeasure } from './quality-measures.js';
import { type Backend, measureScores, scoreKindOf } from './scoring-backend.js';
import { applyToRows, type EmbeddingStep, sizeAfter, subtraction, whiteningStep } from './steps.js';

/** The parts of a chain; absent ones are left out. */
export interface BackendRecipe {
  /** Centre on the training mean; the target domain's where the model is adapted. */
  subtractMean: boolean;
  whiten: boolean;
  /** Dimensions that LDA keeps. */
  lda?: number;
  plda?: { iterations: number; sessions: 'count' | 'mean' };
  /** Embeddings of the target domain, without labels. // [rows, size] */
  adapt?: PldaAdaptation & { vectors: Float32Array; method?: 'plda' | 'coral' };
  norm?: Backend['norm'];
  calibrate?: { measures: readonly QualityMeasure[]; trials: number; ridge: number };
}

/** Training embeddings with the speaker, or pseudo-speaker, of each. */
export interface BackendData {
  /** [rows, size] */
  vectors: Float32Array;
  size: number;
  /** [rows] -1: not known. */
  labels: Int32Array;
  /** [rows] for calibration by durations. */
  seconds?: ArrayLike<number>;
  /** [rows] for calibration: the recording that each row is from. Default: every row is a recording of its own. */
  recordings?: ArrayLike<number>;
  seed: number | string;
  /** Whose embeddings they are. */
  model?: ModelIdentity;
}

/** A chain, and the progress of its estimation. */
export interface FittedBackend {
  backend: Backend;
  /** Log-likelihood of a training vector before and after each iteration of PLDA. */
  logLikelihoods: number[] | null;
}

/** Share of the speakers that LDA and PLDA do not see, so that a calibration learns from scores of unseen speakers; half at most. */
const CALIBRATION_SHARE = 0.2;
const LEAST_CALIBRATION_SPEAKERS = 10;

/**
 * Learns a chain from labelled training embeddings: mean, whitening, LDA and length normalisation each on the output of the step before,
 * then PLDA, the cohort, and a calibration on trials among the training recordings. Where LDA or PLDA is learned too, a fifth of the
 * speakers (ten at least, half of few) is kept out of it for the calibration.
 * @throws UserError for labels too few for a part, and embeddings that are not finite
 */
export function fitBackend(training: BackendData, recipe: BackendRecipe): FittedBackend {
  const data = inDomain(training, recipe);
  const { vectors, size } = data;
  const broken = vectors.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) throw new UserError(`Vector ${Math.floor(broken / size)} (counted from 0) is not finite.`);
  const means = classMeans(data);
  const learned = recipe.lda !== undefined || recipe.plda !== undefined;
  const kept = learned && recipe.calibrate ? drawClasses(data) : null;
  const labels = kept ? data.labels.map((label) => (kept.has(label) ? -1 : label)) : data.labels;
  const steps = fitSteps({ ...data, labels }, recipe);
  const { plda, logLikelihoods } = fitModel({ ...data, labels }, steps, recipe);
  const cohort = Float32Array.from(means.means);
  const { norm = null } = recipe;
  const chain: Backend = { size, steps, plda, norm, cohort, calibration: null, model: data.model ?? null };
  if (!recipe.calibrate) return { backend: chain, logLikelihoods };

  const { measures, trials: count, ridge } = recipe.calibrate;
  const { seconds, recordings, seed } = data;
  const calibrationLabels = kept ? data.labels.map((label) => (kept.has(label) ? label : -1)) : data.labels;
  const trials = calibrationTrials({ labels: calibrationLabels, seconds, recordings, count, seed });
  const byRow = <T>(take: (row: number) => T) =>
    new Map(Array.from(data.labels, (_, row): [string, T] => [String(row), take(row)]));
  const input = {
    trials,
    embeddings: byRow((row) => vectors.subarray(row * size, (row + 1) * size)),
    seconds: seconds && byRow((row) => seconds[row]),
    ownCohort: byRow((row) => means.classOf[row]),
  };
  const isTarget = Uint8Array.from(trials, ({ target }) => Number(target));
  const measured = measureScores(chain, input, measures);
  return {
    backend: { ...chain, calibration: fitCalibration(measured, isTarget, scoreKindOf(chain), { ridge }) },
    logLikelihoods,
  };
}

/** The training embeddings, or with CORAL those as the target domain would have them. */
function inDomain(data: BackendData, { adapt }: BackendRecipe): BackendData {
  if (adapt?.method !== 'coral') return data;
  return { ...data, vectors: alignWithDomain(data.vectors, adapt.vectors, data.size) };
}

function fitSteps(data: BackendData, recipe: BackendRecipe): EmbeddingStep[] {
  const { vectors, size, labels } = data;
  const steps: EmbeddingStep[] = [];
  if (recipe.subtractMean) steps.push(subtraction(meanEmbedding(rowsOf(recipe.adapt?.vectors ?? vectors, size))));
  if (recipe.whiten) {
    const rows = Float32Array.from(applyToRows(steps, vectors, size));
    steps.push(whiteningStep(fitWhitening(rows, labels.length, size)));
  }
  if (recipe.lda !== undefined) {
    steps.push(fitLda({ vectors: applyToRows(steps, vectors, size), size, labels }, recipe.lda));
  }
  return recipe.plda ? [...steps, { kind: 'length-norm' }] : steps;
}

function fitModel({ vectors, size, labels }: BackendData, steps: EmbeddingStep[], recipe: BackendRecipe) {
  if (!recipe.plda) return { plda: null, logLikelihoods: null };
  const { iterations, sessions } = recipe.plda;
  const through = (rows: Float32Array) => applyToRows(steps, rows, size);
  const labelled = { vectors: through(vectors), size: sizeAfter(steps, size), labels };
  const { plda, logLikelihoods } = fitPlda(labelled, { iterations });
  const model =
    recipe.adapt && recipe.adapt.method !== 'coral'
      ? adaptPlda(plda, through(recipe.adapt.vectors), recipe.adapt)
      : plda;
  return { plda: { model, scoring: { sessions, lengthNorm: 'none' as const } }, logLikelihoods };
}

function drawClasses({ labels, seed }: BackendData): Set<number> {
  const classes = [...new Set(labels)].filter((label) => label >= 0).sort((a, b) => a - b);
  const shuffled = createRng(seed).fork('calibration-speakers').shuffle(classes);
  const least = Math.min(LEAST_CALIBRATION_SPEAKERS, Math.ceil(classes.length / 2));
  return new Set(shuffled.slice(0, Math.max(least, Math.round(CALIBRATION_SHARE * classes.length))));
}
