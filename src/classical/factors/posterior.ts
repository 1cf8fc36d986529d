import { cholesky, choleskySolve } from '../../engine/ops/linear-algebra.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Statistics } from '../mixture/densities.js';

/** The subspace that supervectors vary in, in units of the mixture's deviations. */
export interface FactorTensors {
  /** [gaussians * dimensions, rank] */
  factors: Tensor;
  /** What the mean supervector differs by from the mixture's means. // [gaussians, dimensions] */
  offset: Tensor;
}

/** T_c^T T_c of every Gaussian, out of factors [gaussians * dimensions, rank]. // [gaussians, rank * rank] */
export function gramsOf(factors: Tensor, gaussians: number): Tensor {
  const rank = factors.shape[1]!;
  const each = tf.reshape(factors, [gaussians, -1, rank]) as Tensor;
  return tf.reshape(tf.matMul(each, each, true, false), [gaussians, rank * rank]);
}

/** The precision I + sum_c n_c T_c^T T_c of each row's factors. // [batch, rank, rank] */
export function precisionOf(counts: Tensor, grams: Tensor, rank: number): Tensor {
  const [batch] = counts.shape;
  return tf.add(tf.reshape(tf.matMul(counts, grams), [batch, rank, rank]), tf.eye(rank));
}

/**
 * The posterior mean of each row's factors w, under a standard normal prior and means m + offset + T w: an i-vector. // [batch, rank]
 *
 * N. Dehak, P. Kenny, R. Dehak, P. Dumouchel, P. Ouellet, "Front-end factor analysis for speaker verification", IEEE Transactions on
 * Audio, Speech, and Language Processing 2011.
 */
export function factorPosterior({ counts, sums }: Statistics, { factors, offset }: FactorTensors): Tensor {
  const [batch, gaussians, dimensions] = sums.shape as [number, number, number];
  const rank = factors.shape[1]!;
  const centred = tf.sub(sums, tf.mul(tf.expandDims(counts, 2), offset));
  const projected = tf.matMul(tf.reshape(centred, [batch, gaussians * dimensions]), factors as Tensor);
  const factor = cholesky(precisionOf(counts, gramsOf(factors, gaussians), rank));
  return tf.reshape(choleskySolve(factor, tf.reshape(projected, [batch, rank, 1])), [batch, rank]);
}
