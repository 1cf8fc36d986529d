import { withoutGradient } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { validFrames } from './fbank.js';
import { frameRows } from './fbank-frames.js';
import { type FbankOptions, frameLength, frameShift } from './fbank-options.js';

/** Added to the variance of a waveform, as transformers' feature extractors do. */
const VARIANCE_FLOOR = 1e-7;

/**
 * The waveform itself, in frames that may overlap, for networks that hear it: [batch, frames, samples of a frame], between -1 and 1 or, with
 * `normalised`, of mean 0 and variance 1 over the samples of a row's frames. No gradient flows through.
 * @param wave [batch, samples] on int16 scale
 * @param lengths frames of each row [batch], where rows are padded
 */
export function waveformFrames(
  wave: Tensor,
  options: FbankOptions,
  { normalised, lengths }: { normalised: boolean; lengths?: Tensor },
): Tensor {
  return withoutGradient(() => {
    const scaled = tf.div(wave, 32768) as Tensor;
    const batch = wave.shape[0];
    const framesOf = (samples: Tensor): Tensor => {
      const rows = frameRows(samples, options);
      return tf.reshape(rows, [batch, rows.shape[0] / batch, frameLength(options)]);
    };
    if (!normalised) return framesOf(scaled);
    const samples = wave.shape[1]!;
    const [length, shift] = [frameLength(options), frameShift(options)];
    const count = lengths
      ? tf.add(tf.mul(lengths, tf.scalar(shift, 'int32')), tf.scalar(length - shift, 'int32'))
      : tf.fill([batch], shift * Math.floor((samples - length) / shift) + length, 'int32');
    const valid = tf.squeeze(validFrames(count as Tensor, samples), [2]) as Tensor;
    const total = tf.cast(tf.expandDims(count, 1), 'float32');
    const mean = (x: Tensor): Tensor => tf.div(tf.sum(tf.mul(x, valid), 1, true), total);
    const centred = tf.sub(scaled, mean(scaled)) as Tensor;
    const variance = mean(tf.square(centred));
    return framesOf(tf.div(centred, tf.sqrt(tf.add(variance, VARIANCE_FLOOR))) as Tensor);
  });
}
