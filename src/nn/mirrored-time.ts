import { gather } from '../engine/gather.js';
import { mirrorPad } from '../engine/ops/mirror-pad.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Pass } from './pass.js';

/**
 * `x` [batch, time, channels] with `amount` frames more at both ends, which mirror those inside: [batch, time + 2 amount, channels]. A row
 * is mirrored at its own last frame, whatever it is padded to; one of fewer frames than are mirrored repeats its first frame.
 */
export function mirroredTime(x: Tensor, amount: number, { lengths }: Pass): Tensor {
  if (amount === 0) return x;
  if (!lengths) return mirrorPad(x, 1, amount);
  const [batch, time, channels] = x.shape as [number, number, number];
  const width = time + 2 * amount;
  const integer = (value: number) => tf.scalar(value, 'int32');
  const distances = tf.tensor2d(
    Array.from({ length: width }, (_, i) => Math.abs(i - amount)),
    [1, width],
    'int32',
  );
  // From the last frame, as far back as a place is behind it: 2 (length - 1) - place.
  const back = tf.sub(tf.mul(tf.sub(tf.reshape(lengths, [batch, 1]), integer(1)), integer(2)), distances);
  const places = tf.maximum(tf.minimum(distances, back), integer(0));
  const starts = tf.tensor2d(
    Array.from({ length: batch }, (_, row) => row * time),
    [batch, 1],
    'int32',
  );
  const rows = gather(tf.reshape(x, [batch * time, channels]), tf.reshape(tf.add(places, starts), [batch * width]));
  return tf.reshape(rows, [batch, width, channels]);
}
