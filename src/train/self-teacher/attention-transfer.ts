import { toFloat32 } from '../../engine/raw.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { unit } from '../../nn/statistics.js';

/** The attention of a map [batch, time, channels]: the mean square of each frame's channels, of length 1 over time. // [batch, time] */
const attention = (map: Tensor): Tensor => unit(tf.mean(tf.square(toFloat32(map)), 2), 1);

/**
 * The squared distance |a(student) - a(teacher)|^2 of the attention of two maps of one length, [batch, time, channels] each, of any numbers
 * of channels; mean over the batch. Between 0 and 2. The teacher's map is a constant if the caller makes it one.
 *
 * S. Zagoruyko, N. Komodakis, "Paying More Attention to Attention: Improving the Performance of Convolutional Neural Networks via Attention
 * Transfer", ICLR 2017, arXiv:1612.03928.
 */
export const attentionDistance = (student: Tensor, teacher: Tensor): Tensor =>
  tf.mean(tf.sum(tf.square(tf.sub(attention(student), attention(teacher))), 1));
