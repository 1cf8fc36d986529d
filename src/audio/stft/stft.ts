import { rfft } from '../../engine/ops/spectral.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { STFT_HOP, STFT_WINDOW, stftWindow } from './framing.js';

/**
 * Short-time spectra of rows, of whole frames only: what is behind the last one is left out. No gradient flows through.
 * @param wave [rows, samples], at least STFT_WINDOW of them
 * @returns real and imaginary parts [rows, frames, STFT_BINS, 2], unnormalised
 */
export function stft(wave: Tensor): Tensor {
  const [rows, samples] = wave.shape as [number, number];
  const blocks = Math.floor(samples / STFT_HOP);
  if (blocks < 2) throw new Error(`a spectrum needs ${STFT_WINDOW} samples, got ${samples}`);
  const cut = tf.reshape(tf.slice(wave, [0, 0], [rows, blocks * STFT_HOP]), [rows, blocks, STFT_HOP]);
  // A frame is two blocks, half a window each.
  const from = (first: number) => tf.slice(cut, [0, first, 0], [rows, blocks - 1, STFT_HOP]);
  const frames = tf.concat([from(0), from(1)], 2);
  return rfft(tf.mul(frames, tf.tensor1d(stftWindow())), STFT_WINDOW);
}
