import { UserError } from '../../errors.js';
import { addOuter, mirrorLower } from './matrix.js';

/** Vectors with the speaker (or pseudo-speaker) of each. */
export interface LabelledVectors {
  /** [rows, size] row-major */
  vectors: ArrayLike<number> & { subarray(begin: number, end: number): ArrayLike<number> };
  size: number;
  /** [rows] class of each row; -1 leaves it out. */
  labels: ArrayLike<number>;
}

/** The statistics that two-covariance models are estimated from. */
export interface ClassStatistics {
  size: number;
  /** Rows that have a class. */
  rows: number;
  /** [size] mean of those rows. */
  mean: Float64Array;
  /** [classes] rows of each class, none of them empty. */
  counts: Int32Array;
  /** [classes] the label that each class had. */
  classLabels: Int32Array;
  /** [classes, size] mean of each class. */
  means: Float64Array;
  /** [size, size] sum over rows of (x - its class' mean)(x - its class' mean)^T. */
  withinScatter: Float64Array;
}

/**
 * Means and scatter by class; classes are ordered by label.
 * @throws UserError for a value that is not finite (with its row), or when no row has a class
 */
export function classStatistics(labelled: LabelledVectors): ClassStatistics {
  const { size } = labelled;
  const { classLabels, counts, means, classOf, rows } = classMeans(labelled);
  const mean = new Float64Array(size);
  for (let i = 0; i < means.length; i++) mean[i % size] += (counts[Math.floor(i / size)] * means[i]) / rows;
  const withinScatter = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let row = 0; row < classOf.length; row++) {
    if (classOf[row] < 0) continue;
    const from = classOf[row] * size;
    for (let i = 0; i < size; i++) centred[i] = labelled.vectors[row * size + i] - means[from + i];
    addOuter(withinScatter, centred, 1);
  }
  return { size, rows, mean, counts, classLabels, means, withinScatter: mirrorLower(withinScatter, size) };
}

/**
 * The mean vector of each class, ordered by label: the cohort of score normalisation.
 * @throws UserError for a value that is not finite (with its row), or when no row has a class
 */
export function classMeans({ vectors, size, labels }: LabelledVectors) {
  if (vectors.length !== labels.length * size)
    throw new Error(`${vectors.length} values are not ${labels.length} rows of ${size}`);
  const classLabels = Int32Array.from(new Set(Array.from(labels).filter((label) => label >= 0))).sort();
  if (classLabels.length === 0) throw new UserError('No utterance has a label. Cluster again with less noise.');
  const numbers = new Map(Array.from(classLabels, (label, i) => [label, i]));
  const classOf = Int32Array.from(labels, (label) => numbers.get(label) ?? -1);
  const counts = new Int32Array(classLabels.length);
  const means = new Float64Array(classLabels.length * size);
  for (let row = 0; row < classOf.length; row++) {
    if (classOf[row] < 0) continue;
    counts[classOf[row]]++;
    for (let i = 0; i < size; i++) {
      const value = vectors[row * size + i];
      if (!Number.isFinite(value)) throw new UserError(`Vector ${row} (counted from 0) is not finite.`);
      means[classOf[row] * size + i] += value;
    }
  }
  for (let i = 0; i < means.length; i++) means[i] /= counts[Math.floor(i / size)];
  return { classLabels, counts, means, classOf, rows: counts.reduce((sum, count) => sum + count, 0) };
}
