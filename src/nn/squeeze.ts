import { type Tensor, tf } from '../engine/tf.js';
import { UserError } from '../errors.js';
import { stridedPass } from './pass.js';
import type { Rearrangement, Streams } from './recompute/reversible.js';

/**
 * Space-to-depth over time and frequency (Jacobsen et al., "i-RevNet: Deep Invertible Networks", 2018, arXiv:1802.07088): each 2x2
 * square of [batch, time, frequency, channels] becomes one place with four times the channels, [batch, time / 2, frequency / 2, 4
 * channels]. Nothing is lost, so it takes the place of a strided layer between reversible blocks. Both sizes must be even.
 */
export const squeeze: Required<Rearrangement> = {
  forward(x) {
    const [batch, time, frequency, channels] = x.shape as number[];
    if (time % 2 || frequency % 2) throw new Error(`a squeeze needs an even time and frequency, got [${x.shape}]`);
    const squares = tf.reshape(x, [batch, time / 2, 2, frequency / 2, 2, channels]);
    return tf.reshape(tf.transpose(squares, [0, 1, 3, 2, 4, 5]), [batch, time / 2, frequency / 2, 4 * channels]);
  },
  inverse(y) {
    const [batch, time, frequency, channels] = y.shape as number[];
    const squares = tf.reshape(y, [batch, time, frequency, 2, 2, channels / 4]);
    return tf.reshape(tf.transpose(squares, [0, 1, 3, 2, 4, 5]), [batch, 2 * time, 2 * frequency, channels / 4]);
  },
  pass: (pass) => stridedPass(pass, 2),
};

/** The two halves of a map's channels, as a reversible sequence wants them. Throws UserError for an odd number of channels. */
export function splitStreams(x: Tensor): Streams {
  const channels = x.shape[x.rank - 1]!;
  if (channels % 2)
    throw new UserError(
      `A reversible network splits its channels into two streams, but there are ${channels}. Give an even width.`,
    );
  return tf.split(x, 2, x.rank - 1) as Streams;
}
