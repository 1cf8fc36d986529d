import { withoutGradient } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { createRng } from '../../random.js';

/** The speeds of speed perturbation (Ko et al., "Audio augmentation for speech recognition", Interspeech 2015); the first changes nothing. */
export const SPEEDS = [1, 0.9, 1.1] as const;

/** Samples that a crop needs to have `samples` left at any of the speeds. */
export const speedCropSamples = (samples: number, speeds: readonly number[] = SPEEDS): number =>
  // The small amount is for rounding: 48000 * 1.1 is slightly above 52800 in floats.
  Math.ceil(samples * Math.max(...speeds) - 1e-6);

/** Index of the speed of each row of a step's batch, each equally likely: a pure function of seed and step. // [rows] */
export function drawSpeeds(
  seed: number | string,
  step: number,
  rows: number,
  speeds: number = SPEEDS.length,
): Int32Array {
  const rng = createRng(seed).fork('speed').fork(step);
  return Int32Array.from({ length: rows }, () => rng.int(speeds));
}

/** A speaker at another speed is another speaker: label + speed index * classes. // [rows] */
export const speedLabels = (labels: Int32Array, classes: number, index: Int32Array): Int32Array =>
  labels.map((label, row) => label + index[row] * classes);

/**
 * Plays each row at the speed with the number `index` (int32 or float32 [rows]); pitch and formants change with it, as with sox' `speed`. Every
 * speed is computed for all rows.
 * @param wave [rows, speedCropSamples(samples)]
 * @returns [rows, samples]; no gradient flows through
 */
export function changeSpeed(wave: Tensor, index: Tensor, samples: number, speeds: readonly number[] = SPEEDS): Tensor {
  const [rows, longest] = wave.shape;
  if (longest < speedCropSamples(samples, speeds))
    throw new Error(`rows of ${longest} samples are too short for ${samples} samples at every speed`);
  // Whole numbers are reshaped and compared in the host's memory, for which a GPU would wait.
  const chosen = tf.reshape(tf.cast(index, 'float32'), [rows, 1]);
  return withoutGradient(() =>
    speeds
      .map((speed) => atSpeed(wave, speed, samples))
      .reduce((sum, played, i) => (i === 0 ? played : tf.where(tf.equal(chosen, i), played, sum))),
  );
}

/** Speeds are approximated by ratios of whole numbers up to this. */
const LARGEST_TERM = 100;
/** Samples of a block of output, about: one row of the matrix product. */
const BLOCK = 128;

/**
 * The first `samples` of a row at a speed: a polyphase low-pass with SciPy's default for `resample_poly`, a Kaiser window (beta 5) over
 * 10 zero crossings to either side. As the filter repeats from block to block, it is one matrix product.
 */
function atSpeed(wave: Tensor, speed: number, samples: number): Tensor {
  const [rows, longest] = wave.shape;
  const [up, down] = ratioOf(1 / speed);
  if (up === down) return tf.slice(wave, [0, 0], [rows, samples]);
  const repeats = Math.ceil(BLOCK / up);
  const [step, block] = [repeats * down, repeats * up];
  const reach = Math.ceil((10 * Math.max(up, down)) / up);
  const width = step + 2 * reach;
  const blocks = Math.ceil(samples / block);
  const pieces = Math.ceil(width / step);
  const padded = tf.pad(wave, [
    [0, 0],
    [reach, Math.max(0, (blocks + pieces) * step - reach - longest)],
  ]);
  const cut = tf.reshape(tf.slice(padded, [0, 0], [rows, (blocks + pieces) * step]), [rows, blocks + pieces, step]);
  const frames = tf.concat(
    Array.from({ length: pieces }, (_, i) =>
      tf.slice(cut, [0, i, 0], [rows, blocks, Math.min(step, width - i * step)]),
    ),
    2,
  );
  const filters = tf.tensor2d(polyphase({ up, down, block, width, reach }), [width, block]);
  const played = tf.matMul<Tensor>(tf.reshape(frames, [rows * blocks, width]), filters);
  return tf.slice(tf.reshape(played, [rows, blocks * block]), [0, 0], [rows, samples]);
}

/** The filter as a matrix [width, block]: output k of a block stands at input k * down / up, counted from `reach` inputs before it. */
function polyphase({ up, down, block, width, reach }: Record<'up' | 'down' | 'block' | 'width' | 'reach', number>) {
  const most = Math.max(up, down);
  const half = 10 * most;
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => sinc((i - half) / most) * kaiser(i / half - 1, 5));
  const scale = up / taps.reduce((sum, tap) => sum + tap, 0);
  const matrix = new Float32Array(width * block);
  for (let k = 0; k < block; k++) {
    for (let i = 0; i < width; i++) {
      const tap = taps[k * down - (i - reach) * up + half];
      if (tap !== undefined) matrix[i * block + k] = tap * scale;
    }
  }
  return matrix;
}

function ratioOf(value: number): [number, number] {
  for (let down = 1; down <= LARGEST_TERM; down++) {
    const up = Math.round(value * down);
    if (Math.abs(up / down - value) < 1e-9 && up > 0) return [up, down];
  }
  throw new Error(`a speed of ${1 / value} is not a ratio of whole numbers up to ${LARGEST_TERM}`);
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kaiser = (x: number, beta: number): number => bessel(beta * Math.sqrt(Math.max(0, 1 - x * x))) / bessel(beta);

/** The modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
