import { type Tensor, tf } from '../../engine/tf.js';
import { maskTime, type Pass } from '../pass.js';

/**
 * Puts a vector beside every frame of its row, as VoiceFilter does (Wang et al., "VoiceFilter: Targeted Voice Separation by
 * Speaker-Conditioned Spectrogram Masking", 2019, arXiv:1810.04826). Frames beyond a row's length stay zero.
 * @param x [batch, time, channels]
 * @param condition [batch, size]
 * @returns [batch, time, channels + size]
 */
export function concatenateCondition(x: Tensor, condition: Tensor, pass: Pass): Tensor {
  const [batch, time] = x.shape as [number, number];
  const [, size] = condition.shape as [number, number];
  // A product and not a tile: its gradient is a plain sum over time.
  const everyFrame = tf.mul(tf.expandDims(condition, 1), tf.ones([batch, time, size]));
  return tf.concat([x, maskTime(everyFrame, pass)], 2);
}
