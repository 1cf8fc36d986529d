import { UserError } from '../errors.js';
import type { SortedScores } from './detection/sorted-scores.js';

/** Turns scores into log-likelihood ratios: llr = scale * score + offset, natural logarithm. */
export interface AffineCalibration {
  scale: number;
  offset: number;
}

const MAX_STEPS = 100;
const TOLERANCE = 1e-10;

/**
 * Affine calibration by prior-weighted logistic regression (Brümmer and du Preez, "Application-independent evaluation of speaker
 * detection", 2006, doi:10.1016/j.csl.2005.08.001): the scale and offset with the least
 *
 *   prior / T sum over targets log(1 + e^-(llr + logit prior)) + (1 - prior) / N sum over nontargets log(1 + e^(llr + logit prior))
 *
 * by Newton's method, which is exact to rounding as the cost is convex. For scores that a threshold separates the
 * cost has no minimum: the goal of every trial is then (n + 1) / (n + 2), n trials of its kind (Platt, "Probabilistic Outputs for
 * Support Vector Machines and Comparisons to Regularized Likelihood Methods", 1999).
 *
 * @param prior of a target trial where decisions are to be good; 0.5 weighs both kinds alike
 * @throws UserError for infinite scores, and where targets do not score higher than nontargets on the whole
 */
export function fitAffineCalibration({ targets, nontargets }: SortedScores, prior = 0.5): AffineCalibration {
  const shift = mean(targets, nontargets);
  const spread = deviation(targets, nontargets, shift);
  if (!Number.isFinite(spread)) {
    throw new UserError('Scores that are infinite cannot be calibrated. Leave their trials out.');
  }
  if (spread === 0) throw useless('all scores are equal');
  const separated = targets[0] > nontargets[nontargets.length - 1];
  const certain = (trials: number) => (separated ? (trials + 1) / (trials + 2) : 1);
  const logit = Math.log(prior / (1 - prior));
  const kinds = [
    { scores: targets, weight: prior / targets.length, goal: certain(targets.length) },
    { scores: nontargets, weight: (1 - prior) / nontargets.length, goal: 1 - certain(nontargets.length) },
  ];
  const { slope, level } = minimise({ kinds, shift, spread }, { slope: 0, level: logit });
  const scale = slope / spread;
  if (!(scale > 0)) throw useless('targets do not score higher than nontargets');
  return { scale, offset: level - logit - scale * shift };
}

/** Trials of both kinds, with standardised scores z = (score - shift) / spread. */
interface Problem {
  /** `goal`: the probability of a target that a trial should have. */
  kinds: { scores: ArrayLike<number>; weight: number; goal: number }[];
  shift: number;
  spread: number;
}

/** llr + logit prior = slope z + level. */
interface Line {
  slope: number;
  level: number;
}

/** Newton's method with halved steps. */
function minimise(problem: Problem, start: Line): Line {
  let line = start;
  let cost = costAt(problem, line);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { move, decrement } = newtonStep(problem, line);
    if (decrement < TOLERANCE ** 2) break;
    let length = 1;
    let next = line;
    let nextCost = cost;
    for (; length > 1e-8; length /= 2) {
      next = { slope: line.slope - length * move.slope, level: line.level - length * move.level };
      nextCost = costAt(problem, next);
      if (nextCost <= cost) break;
    }
    if (length <= 1e-8) break;
    [line, cost] = [next, nextCost];
  }
  return line;
}

function costAt({ kinds, shift, spread }: Problem, { slope, level }: Line): number {
  let total = 0;
  for (const { scores, weight, goal } of kinds) {
    let sum = 0;
    for (let i = 0; i < scores.length; i++) {
      const x = slope * ((scores[i] - shift) / spread) + level;
      sum += softplus(x) - goal * x;
    }
    total += weight * sum;
  }
  return total;
}

/** Newton's direction, and the squared Newton decrement, which estimates its gain. */
function newtonStep({ kinds, shift, spread }: Problem, { slope, level }: Line): { move: Line; decrement: number } {
  let [g1, g0, h11, h10, h00] = [0, 0, 0, 0, 0];
  for (const { scores, weight, goal } of kinds) {
    for (let i = 0; i < scores.length; i++) {
      const z = (scores[i] - shift) / spread;
      const p = 1 / (1 + Math.exp(-(slope * z + level)));
      const gradient = weight * (p - goal);
      const curvature = weight * p * (1 - p);
      g1 += gradient * z;
      g0 += gradient;
      h11 += curvature * z * z;
      h10 += curvature * z;
      h00 += curvature;
    }
  }
  // A trace of ridge keeps the matrix invertible where probabilities saturate.
  const ridge = 1e-14 * (h11 + h00) + 1e-300;
  const determinant = (h11 + ridge) * (h00 + ridge) - h10 * h10;
  const move = {
    slope: ((h00 + ridge) * g1 - h10 * g0) / determinant,
    level: ((h11 + ridge) * g0 - h10 * g1) / determinant,
  };
  return { move, decrement: Math.abs(move.slope * g1 + move.level * g0) };
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const useless = (why: string) =>
  new UserError(
    `These scores cannot be calibrated: ${why}. Check the labels, and that a higher score means one speaker.`,
  );

function mean(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (const scores of [a, b]) for (let i = 0; i < scores.length; i++) sum += scores[i];
  return sum / (a.length + b.length);
}

function deviation(a: ArrayLike<number>, b: ArrayLike<number>, centre: number): number {
  let sum = 0;
  for (const scores of [a, b]) for (let i = 0; i < scores.length; i++) sum += (scores[i] - centre) ** 2;
  return Math.sqrt(sum / (a.length + b.length));
}
