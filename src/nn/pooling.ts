import { timeSums, weightedTimeSums } from '../engine/ops/time/moments.js';
import { timeSoftmax } from '../engine/ops/time/softmax.js';
import { toFloat32 } from '../engine/raw.js';
import { type Tensor, tf } from '../engine/tf.js';
import { frameMask, type Pass } from './pass.js';

/** Pools [batch, time, channels] over the valid frames: [batch, size], float32 whatever the compute type. */
export interface PoolingLayer {
  size: number;
  pool(x: Tensor, pass: Pass): Tensor;
}

/** First and second moment of each channel, [batch, channels] each. */
export interface Moments {
  mean: Tensor;
  deviation: Tensor;
}

/** Keeps the square root's gradient finite (WeSpeaker's value). */
const VARIANCE_FLOOR = 1e-7;

/** Mean over the valid frames of `map` [batch, time, channels]: [batch, channels]. */
export function timeMean(map: Tensor, { lengths }: Pass): Tensor {
  const x = toFloat32(map);
  if (!lengths) return tf.mean(x, 1);
  return tf.div(tf.sum(tf.mul(x, frameMask(lengths, x.shape[1]!, 3)), 1), countOf(lengths));
}

/**
 * Means of segments of `length` frames of `map` [batch, time, channels], the last one shorter: [batch, segments, channels]. Frames
 * beyond a row's length must be zero; they do not count.
 */
export function segmentMeans(map: Tensor, length: number, { lengths }: Pass): Tensor {
  const x = toFloat32(map);
  const [batch, frames, channels] = x.shape as [number, number, number];
  const segments = Math.ceil(frames / length);
  const padded = tf.pad(x, [
    [0, 0],
    [0, segments * length - frames],
    [0, 0],
  ]);
  const sums = tf.sum(tf.reshape(padded, [batch, segments, length, channels]), 2);
  const starts = tf.mul(tf.range(0, segments, 1, 'float32'), length);
  const ends = lengths ? tf.expandDims(tf.cast(lengths, 'float32'), 1) : tf.fill([1, 1], frames);
  // A segment beyond the row's end counts one frame, of zeros.
  const counts = tf.clipByValue(tf.sub(ends, starts), 1, length);
  return tf.div(sums, tf.expandDims(counts, 2));
}

/**
 * Mean and standard deviation over the valid frames of `map` [batch, time, channels], all of one weight: the variance has no correction,
 * and is at least `floor`.
 */
export function plainMoments(map: Tensor, pass: Pass, floor: number): Moments {
  const x = toFloat32(map);
  const deviation = (variance: Tensor): Tensor => tf.sqrt(tf.maximum(variance, floor));
  if (!pass.lengths) {
    const { mean, squares } = timeSums(x);
    return { mean, deviation: deviation(tf.div(squares, x.shape[1]!)) };
  }
  const mean = timeMean(x, pass);
  const squares = tf.square(tf.sub(x, tf.expandDims(mean, 1)));
  return { mean, deviation: deviation(timeMean(squares, pass)) };
}

/**
 * Mean and standard deviation over the valid frames of `map` [batch, time, channels]; the variance has Bessel's correction, and
 * `epsilon` is added to it.
 */
export function timeMoments(map: Tensor, pass: Pass, epsilon = VARIANCE_FLOOR): Moments {
  const deviation = (variance: Tensor): Tensor => tf.sqrt(tf.add(variance, epsilon));
  const x = toFloat32(map);
  const frames = x.shape[1]!;
  if (!pass.lengths) {
    const { mean, squares } = timeSums(x);
    return { mean, deviation: deviation(tf.div(squares, Math.max(frames - 1, 1))) };
  }
  const mean = timeMean(x, pass);
  const centred = tf.sub(x, tf.expandDims(mean, 1));
  const squares = tf.square(tf.mul(centred, frameMask(pass.lengths, frames, 3)));
  return { mean, deviation: deviation(tf.div(tf.sum(squares, 1), tf.maximum(tf.sub(countOf(pass.lengths), 1), 1))) };
}

/** Valid frames of each row, [batch, 1] float32. */
const countOf = (lengths: Tensor): Tensor => tf.expandDims(tf.cast(lengths, 'float32'), 1);

/**
 * Mean and standard deviation of `map` [batch, time, channels] under weights over time that sum to 1, [batch, time, channels or 1].
 * The variance is at least `floor`, by default 1e-7, as in WeSpeaker.
 */
export function weightedMoments(map: Tensor, weights: Tensor, floor = VARIANCE_FLOOR): Moments {
  const { mean, squares } = weightedTimeSums(toFloat32(map), weights);
  return { mean, deviation: tf.sqrt(tf.maximum(squares, floor)) };
}

/** Attention weights over time from scores [batch, time, heads]: frames beyond a row's length get none. */
export function softmaxOverTime(map: Tensor, { lengths }: Pass): Tensor {
  const scores = toFloat32(map);
  const masked = lengths ? tf.sub(scores, tf.mul(tf.sub(1, frameMask(lengths, scores.shape[1]!, 3)), 1e9)) : scores;
  return timeSoftmax(masked);
}

/** Mean beside standard deviation, [batch, 2 channels]. */
export const bothMoments = ({ mean, deviation }: Moments): Tensor => tf.concat([mean, deviation], 1);
