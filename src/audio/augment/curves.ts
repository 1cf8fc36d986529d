import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { RowDraw } from './draw.js';
import type { AugmentOptions } from './options.js';

const LN_PER_DB = Math.LN10 / 20;
/** A first-order edge falls by this much an octave. */
const DB_PER_OCTAVE_OF_ORDER = 20 * Math.log10(2);
/** Noise is flat below, so that steep slopes do not put all its power at the very bottom. */
const LOWEST_SLOPED_HZ = 50;
const SLOPE_PIVOT_HZ = 1000;

/**
 * Log amplitude gain (natural) of a random channel for each row, [rows, points], at the frequencies `hz`: a smooth filter and
 * a band limit, each for the rows that drew it. Zero where neither applies.
 */
export function channelCurve(hz: Float64Array, options: AugmentOptions, draw: RowDraw): Tensor {
  const parts = [
    ...(options.filter.probability > 0 ? [filterCurve(hz, options.filter, draw)] : []),
    ...(options.bandLimit.probability > 0 ? [bandLimitCurve(hz, options.bandLimit, draw)] : []),
  ];
  return parts.reduce((sum, part) => tf.add(sum, part), tf.zeros([draw.rows, hz.length]));
}

/** Log amplitude (natural) of coloured noise, [rows, points]; 0 dB at 1 kHz. */
export function noiseCurve(hz: Float64Array, { dbPerOctave }: AugmentOptions['noise'], draw: RowDraw): Tensor {
  const octaves = hz.map((f) => Math.log2(Math.max(f, LOWEST_SLOPED_HZ) / SLOPE_PIVOT_HZ));
  return tf.mul(draw.uniform('noise-slope', dbPerOctave), row(octaves.map((octave) => octave * LN_PER_DB)));
}

const filterCurve = (hz: Float64Array, options: AugmentOptions['filter'], draw: RowDraw): Tensor =>
  tf.mul(smoothCurve(hz, options, draw), draw.chance('filter', options.probability));

/** Where a smooth curve is drawn. */
interface Anchors {
  rangeDb: number;
  anchors: number;
  lowHz: number;
  highHz: number;
}

/** Log amplitude gain (natural) [rows, points]: straight lines between anchors that are drawn within plus and minus the range. */
export function smoothCurve(hz: Float64Array, options: Anchors, draw: RowDraw): Tensor {
  const range = options.rangeDb * LN_PER_DB;
  const anchors = random.uniform([draw.rows, options.anchors], `${draw.name}/filter-anchors`, -range, range);
  return tf.matMul<Tensor>(anchors, interpolation(hz, options));
}

/** Weights [anchors, points] of straight lines between anchors on a log frequency axis; constant beyond the outer ones. */
function interpolation(hz: Float64Array, { anchors, lowHz, highHz }: Anchors) {
  const weights = new Float32Array(anchors * hz.length);
  hz.forEach((f, point) => {
    const place = ((anchors - 1) * Math.log(f / lowHz)) / Math.log(highHz / lowHz);
    const inside = Math.min(Math.max(place, 0), anchors - 1);
    const left = Math.min(Math.floor(inside), anchors - 2);
    weights[left * hz.length + point] = 1 - (inside - left);
    weights[(left + 1) * hz.length + point] = inside - left;
  });
  return tf.tensor2d(weights, [anchors, hz.length]);
}

function bandLimitCurve(hz: Float64Array, options: AugmentOptions['bandLimit'], draw: RowDraw): Tensor {
  const { lowHz, highHz, dbPerOctave } = options;
  const low = bandEdge(hz, draw, { name: 'low-cut', hz: lowHz, dbPerOctave, sign: -1 });
  const fall = tf.add(low, bandEdge(hz, draw, { name: 'high-cut', hz: highHz, dbPerOctave, sign: 1 }));
  const depth = tf.mul(draw.uniform('band-depth', options.depthDb), -LN_PER_DB);
  return tf.mul(tf.maximum(fall, depth), draw.chance('band-limit', options.probability));
}

interface Edge {
  /** Prefix of its draws. */
  name: string;
  /** Cut-off (-3 dB). */
  hz: readonly [number, number];
  dbPerOctave: readonly [number, number];
  /** 1 falls above the cut-off, -1 below. */
  sign: number;
}

/** Log amplitude (natural) of one edge of a Butterworth filter, [rows, points]: 1 / sqrt(1 + (f / cut-off) ** (2 order)). */
export function bandEdge(points: Float64Array, draw: RowDraw, { name, hz, dbPerOctave, sign }: Edge): Tensor {
  const order = tf.div(draw.uniform(`${name}-steepness`, dbPerOctave), DB_PER_OCTAVE_OF_ORDER);
  const distance = tf.mul(tf.sub(row(points.map(Math.log)), draw.logOf(name, hz)), sign);
  return tf.mul(tf.softplus(tf.mul(distance, tf.mul(order, 2))), -0.5);
}

const row = (values: Float64Array) => tf.tensor2d(Float32Array.from(values), [1, values.length]);
