import { type Tensor, tf } from '../engine/tf.js';
import { anyLength } from '../engine/trace.js';
import { UserError } from '../errors.js';
import type { Pass } from '../nn/pass.js';
import { adaptedShift, type Statistics } from './mixture/densities.js';

/**
 * The supervector of utterances: the shifts of the MAP-adapted means, each times the root of its Gaussian's weight, so that the squared
 * distance of two bounds the divergence of the adapted mixtures. // [batch, gaussians * dimensions]
 */
export function supervectorOf(statistics: Statistics, weights: Tensor, relevance: number): Tensor {
  const [batch, gaussians, dimensions] = statistics.sums.shape as [number, number, number];
  const scaled = tf.mul(adaptedShift(statistics, relevance), tf.reshape(tf.sqrt(weights), [gaussians, 1]));
  return tf.reshape(scaled, [batch, gaussians * dimensions]);
}

/** Refuses what a classical system cannot do. @throws UserError in training, and for a graph of any length */
export function refuseTraced(name: string, { training }: Pass): void {
  if (training)
    throw new UserError(
      `A model of kind '${name}' has no gradients to be trained by: the stages ubm, ivector and jfa learn it. Cluster its embeddings, and ` +
        'train another backbone on the clusters.',
    );
  if (anyLength())
    throw new UserError(
      `A model of kind '${name}' cannot be exported: it picks the frames of speech and solves equations, which the graph of a network ` +
        'cannot. Run it with voxloop embed or voxloop score.',
    );
}
