import { type Tensor, tf } from '../../engine/tf.js';
import type { CepstralFrames } from '../cepstra.js';

/** A mixture of Gaussians with diagonal covariances, while tracing. */
export interface MixtureTensors {
  /** [gaussians] */
  weights: Tensor;
  /** [gaussians, dimensions] */
  means: Tensor;
  /** [gaussians, dimensions] */
  variances: Tensor;
}

/** Baum-Welch statistics of utterances, the first ones about the means and in units of the deviations. */
export interface Statistics {
  /** Frames that belong to each Gaussian. // [batch, gaussians] */
  counts: Tensor;
  /** Sum of (x - mean) / deviation over these. // [batch, gaussians, dimensions] */
  sums: Tensor;
}

/** log(w_c N(x; m_c, v_c)) of frames [n, dimensions]: [n, gaussians], in nats. */
export function logDensities(x: Tensor, { weights, means, variances }: MixtureTensors): Tensor {
  const precisions = tf.div(1, variances);
  const squares = tf.add(tf.square(means), tf.mul(variances, tf.log(tf.mul(variances, 2 * Math.PI))));
  const constants = tf.sub(tf.log(weights), tf.mul(tf.sum(tf.mul(squares, precisions), 1), 0.5));
  const linear = tf.matMul(x, tf.mul(means, precisions) as Tensor, false, true);
  const quadratic = tf.matMul(tf.square(x), precisions as Tensor, false, true);
  return tf.add(tf.sub(linear, tf.mul(quadratic, 0.5)), constants);
}

/** Log of the sum of exponentials along the last axis of `x` [n, gaussians]: [n, 1]. */
export function logSum(x: Tensor): Tensor {
  const largest = tf.max(x, 1, true);
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, largest)), 1, true)), largest);
}

/** The Baum-Welch statistics of the speech of utterances under a mixture. */
export function baumWelch({ frames, speech }: CepstralFrames, mixture: MixtureTensors): Statistics {
  const [batch, time, dimensions] = frames.shape as [number, number, number];
  const shares = tf.softmax(logDensities(tf.reshape(frames, [batch * time, dimensions]), mixture));
  const posteriors = tf.mul(tf.reshape(shares, [batch, time, -1]), speech);
  const counts = tf.sum(posteriors, 1);
  const first = tf.matMul(posteriors as Tensor, frames, true, false);
  const centred = tf.sub(first, tf.mul(tf.expandDims(counts, 2), mixture.means));
  return { counts, sums: tf.div(centred, tf.sqrt(mixture.variances)) };
}

/**
 * What the means move by in MAP adaptation, in units of the deviations: sums / (counts + relevance), which is the adapted mean
 * alpha E[x] + (1 - alpha) m with alpha = n / (n + relevance). // [batch, gaussians, dimensions]
 *
 * D. Reynolds, T. Quatieri, R. Dunn, "Speaker verification using adapted Gaussian mixture models", Digital Signal Processing 2000.
 */
export const adaptedShift = ({ counts, sums }: Statistics, relevance: number): Tensor =>
  tf.div(sums, tf.add(tf.expandDims(counts, 2), relevance));
