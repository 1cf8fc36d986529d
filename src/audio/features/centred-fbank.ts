import { withoutGradient } from '../../engine/autodiff.js';
import { mirrorPad } from '../../engine/ops/mirror-pad.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { dithered, filteredPower, validFrames, windowedRows } from './fbank.js';
import { frameRows } from './fbank-frames.js';
import { analysisWindow } from './fbank-mel.js';
import { type FbankOptions, type FrontEnd, frameLength } from './fbank-options.js';
import { frontEndFilters } from './front-end-filters.js';

/** What SpeechBrain lets a value be below the largest of its recording, in dB. */
const DYNAMIC_RANGE_DB = 80;
/** The power of full scale, where samples are on int16 scale. */
const FULL_SCALE = 2 ** 30;

/** Whose features, the name of the dither's random draw, and the frames of each row [batch] that count. */
export interface CentredUse {
  frontEnd: Exclude<FrontEnd, 'waveform'>;
  name: string;
  lengths?: Tensor;
}

/**
 * The mel energies of librosa's `feature.melspectrogram`, of SpeechBrain's `lobes.features.Fbank` or of sslsv's encoders, over frames that are
 * centred on every shift, with silence on both sides of the signal, or with what sslsv hears there: the signal mirrored.
 * @param wave [batch, samples] float32 on int16 scale; it is heard as if it lay between -1 and 1
 * @returns [batch, frames, bins], power, decibels or natural logarithm; no gradient flows through
 */
export function centredFbank(wave: Tensor, options: FbankOptions, { frontEnd, name, lengths }: CentredUse): Tensor {
  return withoutGradient(() => {
    const length = frameLength(options);
    const padded = withEnds(wave, frontEnd, length);
    const rows = dithered(frameRows(padded, { ...options, snipEdges: true }), options, name);
    const window = analysisWindow(options.window, length, length);
    const fftLength = frontEnd === 'sslsv' ? 2 ** Math.ceil(Math.log2(length)) : length;
    const filters = frontEndFilters(frontEnd, options, fftLength);
    const scaled = filters.map((filter) => filter.map((weight) => weight / FULL_SCALE));
    const power = filteredPower(windowedRows(rows, options, window), scaled, fftLength);
    const energies = tf.reshape(power, [wave.shape[0], rows.shape[0] / wave.shape[0], options.bins]) as Tensor;
    const floor = options.energyFloor / FULL_SCALE;
    if (frontEnd === 'sslsv') return tf.log(tf.add(energies, floor));
    return frontEnd === 'librosa' ? energies : decibels(energies, floor, lengths);
  });
}

/** Half a frame more at both ends. A row that is shorter than the others has its own end mirrored before, see `mirrorEnds`. */
function withEnds(wave: Tensor, frontEnd: FrontEnd, length: number): Tensor {
  const half = Math.floor(length / 2);
  if (frontEnd === 'sslsv') return mirrorPad(wave, 1, half);
  return tf.pad(wave, [
    [0, 0],
    [half, length - half],
  ]);
}

/** Decibels of `energies` [batch, frames, bins], not below a range under the largest of the frames that count. */
function decibels(energies: Tensor, floor: number, lengths?: Tensor): Tensor {
  const decibelsOf = (power: Tensor): Tensor => tf.mul(tf.log(tf.maximum(power, floor)), 10 / Math.LN10);
  const counted = lengths ? tf.mul(energies, validFrames(lengths, energies.shape[1]!)) : energies;
  return tf.maximum(decibelsOf(energies), tf.sub(decibelsOf(tf.max(counted, [1, 2], true)), DYNAMIC_RANGE_DB));
}
