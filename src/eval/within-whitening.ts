import { UserError } from '../errors.js';
import { classStatistics, type LabelledVectors } from './backend/class-statistics.js';
import { symmetricEigen } from './backend/symmetric-eigen.js';
import type { Whitening } from './whitening.js';

/** Share of the covariance that is replaced by its mean variance along every axis, so that few copies do not invent quiet axes. */
const SHRINKAGE = 0.05;

/**
 * Within-class covariance normalisation (Hatch, Kajarekar, Stolcke, "Within-Class Covariance Normalization for SVM-based Speaker Recognition",
 * Interspeech 2006): after the map, what differs between vectors of one class varies equally along every axis, so that a cosine does not
 * listen where they differ most. A class here is an utterance and copies of it through other channels, which needs no label. Dimensions are
 * brought to unit deviation first; one that never changes is left out. The within-class covariance is shrunk by 5 % towards its mean variance.
 * @throws UserError for a value that is not finite (with its row), when no row has a class, and when no vector differs from its class' others
 */
export function fitWithinWhitening({ vectors, size, labels }: LabelledVectors): Whitening {
  const { mean, rows, withinScatter } = classStatistics({ vectors, size, labels });
  const scale = scaleOf(vectors, mean);
  const covariance = shrunk(
    withinScatter.map((value, i) => (value * scale[Math.floor(i / size)] * scale[i % size]) / rows),
    size,
  );
  const { values, vectors: axes } = symmetricEigen(covariance, size);
  const matrix = axes.map((value, i) => (value * scale[i % size]) / Math.sqrt(values[Math.floor(i / size)]));
  return { dimensions: size, mean, matrix };
}

/** One over the standard deviation of every dimension: 0 where that is rounding only. // [size] */
function scaleOf(vectors: ArrayLike<number>, mean: Float64Array): Float64Array {
  const size = mean.length;
  const squares = new Float64Array(size);
  for (let i = 0; i < vectors.length; i++) squares[i % size] += (vectors[i] - mean[i % size]) ** 2;
  const rows = vectors.length / size;
  return squares.map((sum, i) => (sum / rows > 1e-14 * mean[i] ** 2 ? Math.sqrt(rows / sum) : 0));
}

function shrunk(covariance: Float64Array, size: number): Float64Array {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance[i * size + i];
  if (!(trace > 0))
    throw new UserError(
      'The copies of every utterance are equal to it, so there is no variance to divide by. Give another augmentation.',
    );
  const flat = (SHRINKAGE * trace) / size;
  return covariance.map((value, i) => (1 - SHRINKAGE) * value + (i % (size + 1) === 0 ? flat : 0));
}
