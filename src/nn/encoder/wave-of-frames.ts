import { type Tensor, tf } from '../../engine/tf.js';
import { frameMask, type Pass } from '../pass.js';

/** Samples of a frame and from one to the next: what the convolutions of a speech encoder see, and their strides' product. */
export const WAVE_FRAME = 400;
export const WAVE_SHIFT = 320;
const OVERLAP = WAVE_FRAME - WAVE_SHIFT;

/**
 * The waveform that overlapping frames [batch, frames, 400] were cut from, every 320 samples: [batch, 320 frames + 80]. Frames beyond a row's
 * length are zero, and so are its samples behind the last frame.
 */
export function waveOfFrames(frames: Tensor, { lengths }: Pass): Tensor {
  const [batch, count] = frames.shape as [number, number];
  const heads = tf.slice(frames, [0, 0, 0], [batch, count, WAVE_SHIFT]);
  const tails = tf.slice(frames, [0, 0, WAVE_SHIFT], [batch, count, OVERLAP]);
  // Other frames' tails are the heads of those behind them.
  const ends = tf.mul(tails, lastFrame(lengths ?? tf.fill([batch], count, 'int32'), count));
  const blocks = tf.add(
    tf.pad(heads, [
      [0, 0],
      [0, 1],
      [0, 0],
    ]),
    tf.pad(ends, [
      [0, 0],
      [1, 0],
      [0, WAVE_SHIFT - OVERLAP],
    ]),
  );
  const samples = count * WAVE_SHIFT + OVERLAP;
  return tf.slice(tf.reshape(blocks, [batch, (count + 1) * WAVE_SHIFT]), [0, 0], [batch, samples]);
}

/** 1 for the last frame of each row, else 0: [batch, frames, 1]. */
function lastFrame(lengths: Tensor, frames: number): Tensor {
  const before = tf.sub(lengths, tf.scalar(1, 'int32')) as Tensor;
  return tf.sub(frameMask(lengths, frames, 3), frameMask(before, frames, 3));
}
