import { type RowDraw, random, type Tensor, tf } from '../../index.js';

/** Natural logarithm of the amplitude factor of one decibel. */
export const LN_PER_DB = Math.LN10 / 20;
/** A first-order edge falls by this much an octave. */
const DB_PER_OCTAVE_OF_ORDER = 20 * Math.log10(2);

/** Points on a log frequency axis at which a smooth curve is drawn. */
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
  const distance = tf.mul(tf.sub(sharedRow(points.map(Math.log)), draw.logOf(name, hz)), sign);
  return tf.mul(tf.softplus(tf.mul(distance, tf.mul(order, 2))), -0.5);
}

/** A frequency axis that all rows share. // [1, points] */
export const sharedRow = (values: Float64Array) => tf.tensor2d(Float32Array.from(values), [1, values.length]);
