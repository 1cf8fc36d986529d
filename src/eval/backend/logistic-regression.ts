import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { UserError } from '../../errors.js';
import { dot, norm } from '../../rows.js';
import { addOuter, mirrorLower } from './matrix.js';

/** Labelled rows of features. */
export interface LogisticData {
  /** [rows, width] row-major */
  features: Float64Array;
  width: number;
  /** [rows] 1 for targets. */
  isTarget: Uint8Array;
}

/** A linear function of features whose value is a natural log-likelihood ratio. */
export interface LogisticFit {
  /** [width] of the features as they were given; 0 for features that never vary. */
  weights: Float64Array;
  bias: number;
  /** Cost of log-likelihood ratios on the training rows, in bits (see cllr.ts). */
  cllr: number;
}

const MOST_ROUNDS = 100;
const SMALLEST_GRADIENT = 1e-9;

/**
 * Logistic regression with both classes weighing the same, so that it minimises Cllr, by Newton's method with halved steps. Features are
 * standardised first; `ridge` / 2 times the squared weights of the standardised features is added (in nats), so that separable data
 * has a finite answer.
 * @throws UserError when one class is missing or a feature is not finite
 */
export function fitLogistic(data: LogisticData, { ridge = 1e-4 } = {}): LogisticFit {
  const { width, isTarget } = data;
  const targets = isTarget.reduce((sum, label) => sum + label, 0);
  if (targets === 0 || targets === isTarget.length) {
    throw new UserError(
      `Calibration learns from target and nontarget trials; there are ${targets} and ${isTarget.length - targets}.`,
    );
  }
  const { features, means, scales } = standardised(data);
  const weightOf = [0.5 / (isTarget.length - targets), 0.5 / targets];
  const problem: Problem = { features, width, isTarget, weightOf, ridge };
  let solution = new Float64Array(width + 1);
  let point = costAt(problem, solution);
  for (let round = 0; round < MOST_ROUNDS && norm(point.gradient) > SMALLEST_GRADIENT; round++) {
    const step = newtonStep(point);
    // Newton's step may overshoot where the cost is flat; it is halved until the cost falls.
    for (let length = 1; ; length /= 2) {
      const next = solution.map((value, i) => value - length * step[i]);
      const there = costAt(problem, next);
      if (there.cost > point.cost && length > 1e-10) continue;
      [solution, point] = [next, there];
      break;
    }
  }
  const penalty = (ridge / 2) * dot(solution.subarray(0, width), solution.subarray(0, width));
  const weights = Float64Array.from(scales, (scale, i) => (scale === 0 ? 0 : solution[i] / scale));
  return { weights, bias: solution[width] - dot(weights, means), cllr: (point.cost - penalty) / Math.LN2 };
}

interface Problem {
  features: Float64Array;
  width: number;
  isTarget: Uint8Array;
  /** Weight of a nontarget and of a target trial. */
  weightOf: number[];
  ridge: number;
}

interface Point {
  cost: number;
  /** [width + 1], the bias last */
  gradient: Float64Array;
  /** [width + 1, width + 1] */
  hessian: Float64Array;
}

/** Cost in nats, with its gradient and Hessian. */
function costAt({ features, width, isTarget, weightOf, ridge }: Problem, solution: Float64Array): Point {
  const gradient = new Float64Array(width + 1);
  const hessian = new Float64Array((width + 1) ** 2);
  const row = new Float64Array(width + 1).fill(1);
  let cost = 0;
  for (let i = 0; i < isTarget.length; i++) {
    row.set(features.subarray(i * width, (i + 1) * width));
    const value = dot(solution, row);
    const weight = weightOf[isTarget[i]];
    const wrong = isTarget[i] ? -value : value;
    // log(1 + e^wrong) without overflow.
    cost += weight * (Math.max(0, wrong) + Math.log1p(Math.exp(-Math.abs(wrong))));
    const probability = 1 / (1 + Math.exp(-value));
    const slope = weight * (probability - isTarget[i]);
    for (let j = 0; j <= width; j++) gradient[j] += slope * row[j];
    addOuter(hessian, row, weight * probability * (1 - probability));
  }
  for (let j = 0; j < width; j++) {
    cost += (ridge / 2) * solution[j] ** 2;
    gradient[j] += ridge * solution[j];
    hessian[j * (width + 1) + j] += ridge;
  }
  return { cost, gradient, hessian: mirrorLower(hessian, width + 1) };
}

function newtonStep({ gradient, hessian }: Point): Float64Array {
  const size = gradient.length;
  // The Hessian vanishes where all probabilities saturate; slight damping keeps it solvable.
  for (let j = 0; j < size; j++) hessian[j * size + j] += 1e-12;
  const solved = new CholeskyDecomposition(Matrix.from1DArray(size, size, hessian)).solve(
    Matrix.columnVector(Array.from(gradient)),
  );
  return Float64Array.from(solved.to1DArray());
}

function standardised({ features, width, isTarget }: LogisticData) {
  const rows = isTarget.length;
  const means = new Float64Array(width);
  const scales = new Float64Array(width);
  for (let i = 0; i < features.length; i++) {
    if (!Number.isFinite(features[i]))
      throw new UserError(`A feature of calibration trial ${Math.floor(i / width)} is not finite.`);
    means[i % width] += features[i] / rows;
  }
  for (let i = 0; i < features.length; i++) scales[i % width] += (features[i] - means[i % width]) ** 2 / rows;
  for (let j = 0; j < width; j++) {
    // A feature that varies by rounding only is constant.
    scales[j] = scales[j] <= 1e-20 * means[j] ** 2 ? 0 : Math.sqrt(scales[j]);
  }
  const scaled = features.map((value, i) =>
    scales[i % width] === 0 ? 0 : (value - means[i % width]) / scales[i % width],
  );
  return { features: scaled, means, scales };
}
