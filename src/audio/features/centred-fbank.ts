import { withoutGradient } from '../../engine/autodiff.js';
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
 * The mel energies of librosa's `feature.melspectrogram` or of SpeechBrain's `lobes.features.Fbank`, over frames that are centred on every
 * shift with silence on both sides of the signal.
 * @param wave [batch, samples] float32 on int16 scale; it is heard as if it lay between -1 and 1
 * @returns [batch, frames, bins], power or decibels; no gradient flows through
 */
export function centredFbank(wave: Tensor, options: FbankOptions, { frontEnd, name, lengths }: CentredUse): Tensor {
  return withoutGradient(() => {
    const length = frameLength(options);
    const half = Math.floor(length / 2);
    const padded = tf.pad(wave, [
      [0, 0],
      [half, length - half],
    ]);
    const rows = dithered(frameRows(padded, { ...options, snipEdges: true }), options, name);
    const window = analysisWindow(options.window, length, length);
    const filters = frontEndFilters(frontEnd, options, length);
    const scaled = filters.map((filter) => filter.map((weight) => weight / FULL_SCALE));
    const power = filteredPower(windowedRows(rows, options, window), scaled, length);
    const energies = tf.reshape(power, [wave.shape[0], rows.shape[0] / wave.shape[0], options.bins]) as Tensor;
    return frontEnd === 'librosa' ? energies : decibels(energies, options.energyFloor / FULL_SCALE, lengths);
  });
}

/** Decibels of `energies` [batch, frames, bins], not below a range under the largest of the frames that count. */
function decibels(energies: Tensor, floor: number, lengths?: Tensor): Tensor {
  const decibelsOf = (power: Tensor): Tensor => tf.mul(tf.log(tf.maximum(power, floor)), 10 / Math.LN10);
  const counted = lengths ? tf.mul(energies, validFrames(lengths, energies.shape[1]!)) : energies;
  return tf.maximum(decibelsOf(energies), tf.sub(decibelsOf(tf.max(counted, [1, 2], true)), DYNAMIC_RANGE_DB));
}
