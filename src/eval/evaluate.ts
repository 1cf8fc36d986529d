import type { Trial } from '../data/trials.js';
import { UserError } from '../errors.js';
import { type BootstrapOptions, errorReplicates, percentileInterval, speakerTrials } from './bootstrap.js';
import { scoreTrials } from './cosine-scoring.js';
import { hullDcf, type MinDcf, PRIORS } from './dcf.js';
import { type DetPoint, detCurve } from './det.js';
import { equalError } from './eer.js';
import { minCllr, rocHull } from './roc-hull.js';
import { sortScores } from './sorted-scores.js';

/** The figures of one system on one trial list; rates are fractions. */
export interface Evaluation {
  trials: number;
  targets: number;
  eer: number;
  minDcf: MinDcf;
  /** Cllr of the best monotone calibration, in bits: what the scores tell, however they are scaled. */
  minCllr: number;
  /** 95 % intervals over resampled speakers; null when the speakers are unknown or fewer than two. */
  interval: { eer: [number, number]; minDcf: Record<keyof MinDcf, [number, number]> } | null;
}

export interface EvaluateOptions extends BootstrapOptions {
  /** Speaker by utterance, for the interval; without it there is none. */
  speakers?: ReadonlyMap<string, string>;
}

/** Evaluates scores that were made elsewhere. @param scores [trials], higher means "same speaker" */
export function evaluateScores(
  scores: ArrayLike<number>,
  trials: readonly Trial[],
  { speakers, ...bootstrap }: EvaluateOptions = {},
): Evaluation {
  const sorted = sortTrialScores(scores, trials);
  const hull = rocHull(sorted);
  const points = PRIORS.map((prior) => ({ prior }));
  const replicates = speakers && errorReplicates(scores, speakerTrials(trials, speakers), bootstrap, points);
  return {
    trials: trials.length,
    targets: sorted.targets.length,
    eer: equalError(sorted).eer,
    minDcf: byPrior((i) => hullDcf(hull, PRIORS[i]).cost),
    minCllr: minCllr(hull),
    interval: replicates
      ? {
          eer: percentileInterval(replicates.eer),
          minDcf: byPrior((i) => percentileInterval(replicates.minDcf[i])),
        }
      : null,
  };
}

const byPrior = <T>(figureOf: (index: number) => T): Record<keyof MinDcf, T> => ({
  '0.01': figureOf(0),
  '0.05': figureOf(1),
});

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
