import { inverse, Matrix } from 'ml-matrix';
import { UserError } from '../../errors.js';
import { diagonalise } from './diagonalise.js';
import { addOuter, congruence, mirrorLower } from './matrix.js';
import type { Plda } from './plda.js';

/** Shares of the target domain's excess covariance; they need not add up to 1. */
export interface PldaAdaptation {
  between?: number;
  within?: number;
}

/**
 * Adapts a model to another domain by its vectors alone, without labels: along the directions in which they vary more than the model says
 * (generalised eigenvalue of their covariance and the model's total above 1), the excess is added, a share to the covariance between
 * speakers and a share to that within. The mean becomes that of the vectors. This is the rule of Kaldi's PldaUnsupervisedAdaptor, which
 * splits .7 and .3 and adds the means' distance to the covariance; here the split is even.
 * @param vectors [rows, plda.size] of the target domain
 * @throws UserError for fewer than two vectors, or a value that is not finite (with its row)
 */
export function adaptPlda(
  plda: Plda,
  vectors: Float64Array,
  { between: betweenShare = 0.5, within: withinShare = 0.5 }: PldaAdaptation = {},
): Plda {
  const { size } = plda;
  const { mean, covariance } = moments(vectors, size);
  const { within, between } = covariancesOf(plda);
  const total = within.map((value, i) => value + between[i]);
  const { transform, ratios } = diagonalise(total, covariance, size);
  const excess = new Float64Array(size * size);
  const back = flat(inverse(toMatrix(transform, size)));
  for (let axis = 0; axis < size && ratios[axis] > 1; axis++) {
    const direction = Float64Array.from({ length: size }, (_, i) => back[i * size + axis]);
    addOuter(excess, direction, ratios[axis] - 1);
  }
  mirrorLower(excess, size);
  const add = (to: Float64Array, share: number) => to.map((value, i) => value + share * excess[i]);
  const adapted = diagonalise(add(within, withinShare), add(between, betweenShare), size);
  const betweenVariances = adapted.ratios.map((value) => Math.max(0, value));
  return { size, mean, transform: adapted.transform, betweenVariances };
}

/** The covariances of a model in the vectors' own basis. // [size, size] each */
export function covariancesOf({ size, transform, betweenVariances }: Plda): {
  within: Float64Array;
  between: Float64Array;
} {
  const back = flat(inverse(toMatrix(transform, size)));
  const diagonal = (value: (axis: number) => number) =>
    Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? value(i % size) : 0));
  return {
    within: congruence(
      back,
      diagonal(() => 1),
      size,
    ),
    between: congruence(
      back,
      diagonal((axis) => betweenVariances[axis]),
      size,
    ),
  };
}

/** Mean and covariance (divided by the rows) of vectors. */
function moments(vectors: Float64Array, size: number) {
  const rows = vectors.length / size;
  if (rows < 2)
    throw new UserError(`Adaptation needs vectors of the target domain; there ${rows === 1 ? 'is one' : 'is none'}.`);
  const broken = vectors.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) throw new UserError(`Vector ${Math.floor(broken / size)} (counted from 0) is not finite.`);
  const mean = new Float64Array(size);
  for (let i = 0; i < vectors.length; i++) mean[i % size] += vectors[i] / rows;
  const covariance = new Float64Array(size * size);
  for (let row = 0; row < rows; row++) {
    addOuter(
      covariance,
      mean.map((value, i) => vectors[row * size + i] - value),
      1 / rows,
    );
  }
  return { mean, covariance: mirrorLower(covariance, size) };
}

const toMatrix = (values: Float64Array, size: number): Matrix => Matrix.from1DArray(size, size, values);
const flat = (matrix: Matrix): Float64Array => Float64Array.from(matrix.to1DArray());
