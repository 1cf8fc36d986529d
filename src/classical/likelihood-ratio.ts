import { type Tensor, tf } from '../engine/tf.js';
import type { CepstralFrames } from './cepstra.js';
import { logDensities, logSum, type MixtureTensors } from './mixture/densities.js';

/**
 * The mean log-likelihood ratio of the frames of speech of each utterance, in nats: of a mixture with adapted means against the
 * background model. Only the means differ, so that the ratio of each Gaussian is linear in the frame.
 * @param shift what the means move by, in units of the deviations [gaussians, dimensions]; see `adaptedShift`
 * @returns [batch, 1]
 */
export function likelihoodRatios({ frames, speech }: CepstralFrames, mixture: MixtureTensors, shift: Tensor): Tensor {
  const [batch, time, dimensions] = frames.shape as [number, number, number];
  const flat = tf.reshape(frames, [batch * time, dimensions]) as Tensor;
  const background = logDensities(flat, mixture);
  const deviations = tf.sqrt(mixture.variances);
  const slopes = tf.div(shift, deviations) as Tensor;
  const constants = tf.sum(tf.mul(shift, tf.add(tf.mul(shift, 0.5), tf.div(mixture.means, deviations))), 1);
  const adapted = tf.add(background, tf.sub(tf.matMul(flat, slopes, false, true), constants));
  const ratios = tf.mul(tf.reshape(tf.sub(logSum(adapted), logSum(background)), [batch, time, 1]), speech);
  return tf.div(tf.sum(ratios, 1), tf.sum(speech, 1));
}
