import type { Trial } from '../../data/trials.js';
import { UserError } from '../../errors.js';
import { scoreTrials } from '../cosine-scoring.js';
import { type BootstrapOptions, type ErrorIntervals, errorIntervals, speakerTrials } from './bootstrap.js';
import { PRIORS } from './dcf.js';
import { type DetPoint, detCurve } from './det.js';
import { computeFigures, type Figures } from './figures.js';
import { rocHull } from './roc-hull.js';
import { sortScores } from './sorted-scores.js';

/** The figures of one system on one trial list. */
export interface Evaluation extends Figures {
  /** 95 % intervals over resampled speakers; null when the speakers are unknown or fewer than three. */
  interval: ErrorIntervals | null;
  trials: number;
  targets: number;
}

export interface EvaluateOptions extends BootstrapOptions {
  /** Speaker by utterance, for the interval; without it there is none. */
  speakers?: ReadonlyMap<string, string>;
}

/**
 * Evaluates scores of any origin, at the reported priors and unit costs.
 * @param scores [trials], higher means "same speaker"; `actDcf` and `cllr` read them as natural-log likelihood ratios
 */
export function evaluateScores(
  scores: ArrayLike<number>,
  trials: readonly Trial[],
  { speakers, ...bootstrap }: EvaluateOptions = {},
): Evaluation {
  const sorted = sortTrialScores(scores, trials);
  const hull = rocHull(sorted);
  const costs = { costMiss: 1, costFalseAlarm: 1, normalised: true };
  const points = PRIORS.map((prior) => ({ prior }));
  return {
    ...computeFigures({ scores: sorted, hull, rule: 'interpolated', priors: PRIORS, costs }),
    interval: speakers ? errorIntervals(scores, speakerTrials(trials, speakers), bootstrap, points) : null,
    trials: trials.length,
    targets: sorted.targets.length,
  };
}

/** Scores trials by cosine and evaluates them; see scoreTrials for `mean` and the errors. */
export function evaluate({
  embeddings,
  trials,
  mean,
  ...options
}: EvaluateOptions & {
  embeddings: ReadonlyMap<string, Float32Array>;
  trials: readonly Trial[];
  mean?: Float32Array;
}): Evaluation {
  return evaluateScores(scoreTrials(embeddings, trials, { mean }), trials, options);
}

/** The DET curve of scored trials, thinned for drawing. @param scores [trials] */
export function detOfTrials(scores: ArrayLike<number>, trials: readonly Trial[]): DetPoint[] {
  return detCurve(sortTrialScores(scores, trials));
}

function sortTrialScores(scores: ArrayLike<number>, trials: readonly Trial[]) {
  for (const [i, { enrolment, test }] of trials.entries()) {
    if (Number.isNaN(scores[i])) throw new UserError(`The score of ${enrolment} against ${test} is not a number.`);
  }
  return sortScores(
    scores,
    Uint8Array.from(trials, (trial) => Number(trial.target)),
  );
}
