import { rfft, squaredDistances, type Tensor, tf, UserError, WAVE_FRAME } from '../../src/index.js';

/** Bands of a waveform's frames whose energies are clustered. */
const BANDS = 24;
const FFT = 512;

/**
 * What units are found in: features [rows, frames, bins] as they are; of a waveform's frames the logarithms of 24 bands' energies, less
 * their means over time.
 */
export function heardFrames(features: Tensor): Tensor {
  const [rows, frames, bins] = features.shape as [number, number, number];
  if (bins !== WAVE_FRAME) return features;
  const spectra = rfft(tf.reshape(features, [rows * frames, bins]), FFT);
  const powers = tf.sum(tf.reshape(tf.square(tf.reshape(spectra, [rows * frames, FFT + 2])), [-1, FFT / 2 + 1, 2]), 2);
  const energies = tf.log(tf.add(tf.matMul(powers as Tensor, bandMatrix()), 1e-6));
  const bands = tf.reshape(energies, [rows, frames, BANDS]) as Tensor;
  return tf.sub(bands, tf.mean(bands, 1, true));
}

/** Bands that widen with the frequency, as mel filters do, without overlap: [bins, bands]. */
function bandMatrix(): Tensor {
  const bins = FFT / 2 + 1;
  const mel = (bin: number) => Math.log(1 + (bin * 8000) / (bins - 1) / 700);
  const weights = new Float32Array(bins * BANDS);
  for (let bin = 1; bin < bins; bin++) {
    const band = Math.min(BANDS - 1, Math.floor((BANDS * mel(bin)) / mel(bins - 1)));
    weights[bin * BANDS + band] = 1;
  }
  return tf.tensor2d(weights, [bins, BANDS]);
}

/** The numbers of values that `heardFrames` gives for a frame of so many bins. */
export const heardBins = (bins: number): number => (bins === WAVE_FRAME ? BANDS : bins);

/** The nearest of `centres` [units, size] for every row of `frames` [rows, size]: [rows] int32. */
export const nearestUnits = (frames: Tensor, centres: Tensor): Tensor =>
  tf.argMin(squaredDistances(frames, centres), 1) as Tensor;

/**
 * Centres and their counts after a mini-batch (D. Sculley, "Web-Scale K-Means Clustering", 2010, doi:10.1145/1772690.1772862): each moves to
 * the mean of all frames that were nearest to it so far.
 * @param frames [rows, size]
 * @param centres [units, size]
 * @param counts [units]
 */
export function movedCentres(
  frames: Tensor,
  { centres, counts }: { centres: Tensor; counts: Tensor },
): { centres: Tensor; counts: Tensor } {
  const units = centres.shape[0];
  const members = tf.oneHot(nearestUnits(frames, centres) as ReturnType<typeof tf.tensor1d>, units);
  const ones = tf.cast(members, 'float32');
  const added = tf.sum(ones, 0);
  const total = tf.add(counts, added) as Tensor;
  const sums = tf.matMul(ones as Tensor, frames, true, false);
  const rest = tf.sub(sums, tf.mul(centres, tf.expandDims(added, 1)));
  return { centres: tf.add(centres, tf.div(rest, tf.expandDims(tf.maximum(total, 1), 1))), counts: total };
}

/** 1 for frames within `span` frames from a start, 0 for others: [rows, frames] both, `starts` of ones and zeros. */
export function spansFrom(starts: Tensor, span: number): Tensor {
  const [rows, frames] = starts.shape as [number, number];
  let covered = starts;
  for (let late = 1; late < Math.min(span, frames); late++) {
    const later = tf.pad(tf.slice(starts, [0, 0], [rows, frames - late]), [
      [0, 0],
      [late, 0],
    ]);
    covered = tf.maximum(covered, later as Tensor);
  }
  return covered;
}

/** @throws UserError for a network that gives another number of frames than it gets */
export function checkFrames(frames: Tensor | undefined, wanted: number): Tensor {
  if (frames && frames.rank === 3 && frames.shape[1] === wanted) return frames;
  const why = frames ? `gives ${frames.shape[1]} frames for ${wanted}` : 'hands out no frames before its pooling';
  throw new UserError(
    `masked-units: a unit is predicted for every frame, and the backbone ${why}. Take one that keeps their number: tdnn, ecapa-512, hubert.`,
  );
}
