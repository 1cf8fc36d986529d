import { fastFftLength, irfft, rfft } from '../../engine/ops/spectral.js';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';

/**
 * Gains are drawn for groups of this many bins (5 Hz in a row of 1.5 s): finer than any filter here, and an eighth of the work.
 */
const BINS_PER_GROUP = 8;
/** A group in floats: real and imaginary parts, interleaved. */
const GROUP = 2 * BINS_PER_GROUP;

/** The spectra of rows. */
export interface Spectra {
  /** The bins below the Nyquist frequency, [rows, groups, GROUP]. */
  groups: Tensor;
  /** The bin at the Nyquist frequency, [rows, 1, 2]; zero when absent. */
  nyquist?: Tensor;
}

/** Transforms for rows [rows, samples] of one shape, there and back. */
export interface RowSpectra {
  /** The middle frequency of each group. */
  groupHz: Float64Array;
  of(wave: Tensor): Spectra;
  /** Spectra of white noise of any power; `name` is the random draw's. */
  white(name: string): Spectra;
  /** The signals [rows, samples] whose spectra are these, each group times its gain [rows, groups]. */
  shaped(spectra: Spectra, gains: Tensor): Tensor;
}

/** Rows are padded to a fast length of the transform. */
export function rowSpectra(rows: number, samples: number, sampleRateHz: number): RowSpectra {
  const fftLength = fastFftLength(samples, GROUP);
  const groups = fftLength / GROUP;
  const hzOf = (bin: number) => (bin * sampleRateHz) / fftLength;
  return {
    groupHz: Float64Array.from({ length: groups }, (_, group) => hzOf((group + 0.5) * BINS_PER_GROUP - 0.5)),
    of(wave) {
      const flat = tf.reshape(rfft(wave, fftLength), [rows, fftLength + 2]);
      return {
        groups: tf.reshape(tf.slice(flat, [0, 0], [rows, fftLength]), [rows, groups, GROUP]),
        nyquist: tf.reshape(tf.slice(flat, [0, fftLength], [rows, 2]), [rows, 1, 2]),
      };
    },
    // Uniform real and imaginary parts will do: a sum of thousands of bins is normal noise.
    white: (name) => ({ groups: random.uniform([rows, groups, GROUP], name, -1, 1) }),
    shaped(spectra, gains) {
      const bins = tf.reshape(tf.mul(spectra.groups, tf.expandDims(gains, 2)), [rows, fftLength / 2, 2]);
      const last = tf.reshape(tf.slice(gains, [0, groups - 1], [rows, 1]), [rows, 1, 1]);
      const whole = spectra.nyquist ? tf.concat([bins, tf.mul(spectra.nyquist, last)], 1) : bins;
      return tf.slice(irfft(whole, fftLength), [0, 0], [rows, samples]);
    },
  };
}
