import { dot, norm } from '../../rows.js';
import type { Whitening } from '../whitening.js';

/** Subtracts a mean and, where there is a matrix, multiplies by it: mean subtraction, whitening, LDA. */
export interface AffineStep {
  kind: 'affine';
  /** [inputs] */
  mean: Float64Array;
  /** [outputs, inputs]; null: the mean is subtracted, no more. */
  matrix: Float64Array | null;
}

/**
 * Scales a vector to the length sqrt(dimensions), so that its components have variance 1 (Garcia-Romero and
 * Espy-Wilson, "Analysis of i-vector Length Normalization in Speaker Recognition Systems", Interspeech 2011).
 */
export interface LengthNormStep {
  kind: 'length-norm';
}

/** One step on the way from an embedding to the vector that is scored. */
export type EmbeddingStep = AffineStep | LengthNormStep;

/** Subtraction of a mean, as a step. */
export const subtraction = (mean: ArrayLike<number>): AffineStep => ({
  kind: 'affine',
  mean: Float64Array.from(mean),
  matrix: null,
});

/** A whitening as a step. */
export const whiteningStep = ({ mean, matrix }: Whitening): AffineStep => ({ kind: 'affine', mean, matrix });

/** A vector after all steps; a zero vector stays zero under length normalisation. */
export function applySteps(steps: readonly EmbeddingStep[], vector: ArrayLike<number>): Float64Array {
  return steps.reduce<Float64Array>((x, step) => {
    return step.kind === 'affine' ? affine(step, x) : toLength(x, Math.sqrt(x.length));
  }, Float64Array.from(vector));
}

/** All rows of a matrix after all steps. @returns [rows, size after the steps] */
export function applyToRows(steps: readonly EmbeddingStep[], vectors: Float32Array, size: number): Float64Array {
  const rows = vectors.length / size;
  const width = sizeAfter(steps, size);
  const result = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    result.set(applySteps(steps, vectors.subarray(row * size, (row + 1) * size)), row * width);
  }
  return result;
}

/** Dimensions of a vector after the steps. */
export function sizeAfter(steps: readonly EmbeddingStep[], size: number): number {
  return steps.reduce(
    (width, step) => (step.kind === 'affine' && step.matrix ? step.matrix.length / step.mean.length : width),
    size,
  );
}

function affine({ mean, matrix }: AffineStep, vector: Float64Array): Float64Array {
  if (vector.length !== mean.length) throw new Error(`a vector of ${vector.length} for a step of ${mean.length}`);
  const centred = vector.map((value, i) => value - mean[i]);
  if (!matrix) return centred;
  const size = mean.length;
  return Float64Array.from({ length: matrix.length / size }, (_, row) =>
    dot(matrix.subarray(row * size, (row + 1) * size), centred),
  );
}

/** A vector scaled to a length. */
export function toLength(vector: Float64Array, length: number): Float64Array {
  const before = norm(vector);
  return before === 0 ? vector : vector.map((value) => (value * length) / before);
}
