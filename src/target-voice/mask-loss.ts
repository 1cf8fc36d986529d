import { type Tensor, tf } from '../engine/tf.js';

/** Distortions below -30 dB of the voice gain little. */
const FLOOR = 1e-3;
const DB = 10 / Math.LN10;

/**
 * The distortion of a masked mixture in dB: the energy of the difference between mask times mixture and the voice, over the voice's, summed
 * over all frames and frequencies of a row. The mixture's phase is kept, so that a mask learns to leave out what is out of phase, as in
 * phase-sensitive spectrum approximation (Erdogan, Hershey, Watanabe and Le Roux, "Phase-sensitive and recognition-boosted speech separation
 * using deep recurrent neural networks", ICASSP 2015, doi:10.1109/ICASSP.2015.7178061).
 * @param mask [rows, frames, bins]
 * @param mixture spectra [rows, frames, bins, 2]; and `voice`, those of the voice
 * @returns [rows]
 */
export function maskDistortion(mask: Tensor, { mixture, voice }: { mixture: Tensor; voice: Tensor }): Tensor {
  const energy = tf.sum(tf.square(mixture), 3);
  const shared = tf.sum(tf.mul(mixture, voice), 3);
  const wanted = tf.sum(tf.square(voice), [1, 2, 3]);
  // |m Y - S|^2, of which only m has a gradient.
  const missed = tf.sum(tf.sub(tf.mul(tf.square(mask), energy), tf.mul(tf.mul(mask, shared), 2)), [1, 2]);
  const ratio = tf.div(tf.add(missed, wanted), tf.add(wanted, 1e-6));
  return tf.mul(tf.log(tf.add(tf.relu(ratio), FLOOR)), DB);
}
