import { withoutGradient } from '../../engine/autodiff.js';
import { rfft } from '../../engine/ops/spectral.js';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { frameRows } from './fbank-frames.js';
import { analysisWindow, melFilters } from './fbank-mel.js';
import { type FbankOptions, frameLength } from './fbank-options.js';

export { type FbankOptions, fbankOptions, frameCount, samplesFor } from './fbank-options.js';

/**
 * Log mel filter-bank energies as Kaldi computes them.
 * @param wave [batch, samples] float32 on int16 scale (-32768..32767)
 * @param name of the dither's random draw, when there is dither; the compiled function then needs an input `step`
 * @returns [batch, frames, bins], natural logarithm; no gradient flows through. Fewer samples than a frame: UserError.
 */
export function fbank(wave: Tensor, options: FbankOptions, name = 'dither'): Tensor {
  return withoutGradient(() => {
    const frames = frameRows(wave, options);
    const window = analysisWindow(options.window, frameLength(options));
    const windowed = windowedRows(dithered(frames, options, name), options, window);
    const fftLength = 2 ** Math.ceil(Math.log2(frameLength(options)));
    const rows = frames.shape[0];
    const energies = filteredPower(windowed, melFilters(options, fftLength), fftLength);
    const logs = tf.log(tf.maximum(energies, options.energyFloor));
    return tf.reshape(logs, [wave.shape[0], rows / wave.shape[0], options.bins]);
  });
}

/**
 * Subtracts each bin's mean over time from `features` [batch, frames, bins]. With `lengths` [batch], the number of valid frames
 * in each row, the mean is taken over those, and the frames behind them become zero.
 */
export function meanNormalise(features: Tensor, lengths?: Tensor): Tensor {
  return withoutGradient(() => {
    if (!lengths) return tf.sub(features, tf.mean(features, 1, true));
    const [batch, frames] = features.shape as [number, number];
    const counts = tf.reshape(tf.cast(lengths, 'float32'), [batch, 1, 1]);
    const valid = validFrames(lengths, frames);
    const mean = tf.div(tf.sum(tf.mul(features, valid), 1, true), tf.maximum(counts, 1));
    return tf.mul(tf.sub(features, mean), valid);
  });
}

/** 1 for the frames within each row's length [batch], 0 behind: [batch, frames, 1]. */
export function validFrames(lengths: Tensor, frames: number): Tensor {
  const counts = tf.reshape(tf.cast(lengths, 'float32'), [-1, 1, 1]);
  return tf.cast(tf.less(tf.reshape(tf.range(0, frames), [1, frames, 1]), counts), 'float32');
}

/** Kaldi draws for each frame anew. Sums of hundreds of uniform numbers are normal in every bin, and cheaper to draw. */
export function dithered(frames: Tensor, { dither }: FbankOptions, name: string): Tensor {
  if (dither === 0) return frames;
  const width = Math.sqrt(3) * dither;
  return tf.add(frames, random.uniform(frames.shape, name, -width, width));
}

/** DC removal, pre-emphasis and window, in Kaldi's order. */
export function windowedRows(
  frames: Tensor,
  { removeDcOffset, preEmphasis }: FbankOptions,
  window: Float64Array,
): Tensor {
  const [rows, length] = frames.shape;
  const centred = removeDcOffset ? tf.sub(frames, tf.mean(frames, 1, true)) : frames;
  // The sample before the first is taken as equal to it.
  const previous = tf.concat([tf.slice(centred, [0, 0], [rows, 1]), tf.slice(centred, [0, 0], [rows, length - 1])], 1);
  const emphasised = preEmphasis === 0 ? centred : tf.sub(centred, tf.mul(previous, preEmphasis));
  return tf.mul(emphasised, tf.tensor1d(Float32Array.from(window)));
}

/** The power of each of `rows` [rows, length] in each filter: [rows, filters]. A filter weighs the first bins of the spectrum. */
export function filteredPower(rows: Tensor, filters: readonly Float64Array[], fftLength: number): Tensor {
  // Squared real and imaginary parts side by side: their sum is left to the matrix product.
  const squares = tf.square(tf.reshape(rfft(rows, fftLength), [rows.shape[0], fftLength + 2]));
  const bins = filters.length;
  const weights = new Float32Array((fftLength + 2) * bins);
  filters.forEach((filter, bin) => {
    filter.forEach((weight, i) => {
      weights[2 * i * bins + bin] = weights[(2 * i + 1) * bins + bin] = weight;
    });
  });
  return tf.matMul<Tensor>(squares, tf.tensor2d(weights, [fftLength + 2, bins]));
}
