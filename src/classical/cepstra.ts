import { z } from 'zod';
import { type Tensor, tf } from '../engine/tf.js';
import { UserError } from '../errors.js';
import { frameMask, type Pass } from '../nn/pass.js';

/** The options of the cepstral frames that the classical systems hear. */
export const cepstraOptions = {
  cepstra: z.number().int().positive().default(20).describe('cepstral coefficients of a frame, the zeroth among them'),
  deltas: z.number().int().min(0).max(2).default(2).describe('orders of derivatives in time behind the coefficients'),
  speechDb: z
    .number()
    .positive()
    .default(30)
    .describe('frames that are less than this many decibels below the loudest one are speech; others are left out'),
  normalise: z
    .enum(['mean', 'mean-variance'])
    .default('mean-variance')
    .describe('what the frames of an utterance have in common afterwards: a mean of 0, or also a variance of 1'),
};
const schema = z.strictObject(cepstraOptions);
export type CepstraOptions = z.output<typeof schema>;

/** Frames of a batch of utterances. */
export interface CepstralFrames {
  /** [batch, time, dimensions], zeros where there is no speech. */
  frames: Tensor;
  /** 1 where there is speech. // [batch, time, 1] */
  speech: Tensor;
}

/** Regression over two frames on each side. */
const DELTA_WINDOW = 2;
/** Variances of a coefficient within an utterance are at least this: a constant one is not blown up. */
const LEAST_VARIANCE = 1e-4;
/** A decibel as a difference of natural logarithms of power. */
const DECIBEL = Math.LN10 / 10;

/** Dimensions of a frame. */
export const frameSize = ({ cepstra, deltas }: Pick<CepstraOptions, 'cepstra' | 'deltas'>): number =>
  cepstra * (deltas + 1);

/**
 * Mel-frequency cepstra with their derivatives, of the speech in log mel energies [batch, time, bins] (no mean subtracted, zeros beyond
 * each length). Speech are the frames within 30 dB of the loudest, the rule of Kinnunen and Li, "An overview of text-independent speaker
 * recognition: from features to supervectors", Speech Communication 2010. Derivatives are regressions over two frames on each side, the
 * frames at the ends repeated.
 * @throws UserError where there are more cepstra than bins
 */
export function cepstralFrames(logMel: Tensor, pass: Pass, options: CepstraOptions): CepstralFrames {
  const [batch, time, bins] = logMel.shape as [number, number, number];
  const { cepstra, deltas, speechDb, normalise } = options;
  if (cepstra > bins)
    throw new UserError(`cepstra: ${cepstra} coefficients out of ${bins} mel bins. Give no more than there are bins.`);
  const valid = pass.lengths ? frameMask(pass.lengths, time, 3) : tf.ones([batch, time, 1]);
  const speech = speechOf(logMel, valid, speechDb);
  const flat = tf.matMul(
    tf.reshape(logMel, [batch * time, bins]),
    tf.tensor2d(cosines(bins, cepstra), [bins, cepstra]),
  );
  const orders = [tf.reshape(flat, [batch, time, cepstra]) as Tensor];
  for (let order = 1; order <= deltas; order++) orders.push(derivative(orders[order - 1], valid, pass));
  const all = tf.concat(orders, 2);
  const count = tf.sum(speech, 1, true);
  const centred = tf.mul(tf.sub(all, tf.div(tf.sum(tf.mul(all, speech), 1, true), count)), speech);
  if (normalise === 'mean') return { frames: centred, speech };
  const variance = tf.div(tf.sum(tf.square(centred), 1, true), count);
  return { frames: tf.div(centred, tf.sqrt(tf.maximum(variance, LEAST_VARIANCE))), speech };
}

/** 1 for frames of enough power. */
function speechOf(logMel: Tensor, valid: Tensor, speechDb: number): Tensor {
  const loudestBin = tf.max(logMel, 2, true);
  const power = tf.add(tf.log(tf.sum(tf.exp(tf.sub(logMel, loudestBin)), 2, true)), loudestBin);
  const loudest = tf.max(tf.add(power, tf.mul(tf.sub(valid, 1), 1e9)), 1, true);
  return tf.mul(valid, tf.cast(tf.greaterEqual(power, tf.sub(loudest, speechDb * DECIBEL)), 'float32'));
}

/** The orthonormal discrete cosine transform (type II) of `bins` values, its first columns. // [bins, columns] */
function cosines(bins: number, columns: number): Float32Array {
  const matrix = new Float32Array(bins * columns);
  for (let bin = 0; bin < bins; bin++)
    for (let column = 0; column < columns; column++)
      matrix[bin * columns + column] =
        Math.sqrt((column === 0 ? 1 : 2) / bins) * Math.cos((Math.PI * column * (bin + 0.5)) / bins);
  return matrix;
}

/** The slope of `x` [batch, time, size] at each frame; beyond each end the frame at the end is repeated. */
function derivative(x: Tensor, valid: Tensor, { lengths }: Pass): Tensor {
  const [batch, time, size] = x.shape as [number, number, number];
  const first = tf.slice(x, [0, 0, 0], [batch, 1, size]);
  const last = lengths ? tf.sum(tf.mul(x, lastFrame(valid, lengths, time)), 1, true) : tf.slice(x, [0, time - 1, 0]);
  const held = lengths ? tf.add(tf.mul(x, valid), tf.mul(last, tf.sub(1, valid))) : x;
  const edge = (frame: Tensor) => Array<Tensor>(DELTA_WINDOW).fill(frame);
  const padded = tf.concat([edge(first), held, edge(last)].flat(), 1);
  const at = (shift: number) => tf.slice(padded, [0, DELTA_WINDOW + shift, 0], [batch, time, size]);
  const terms = [1, 2].map((n) => tf.mul(tf.sub(at(n), at(-n)), n / 10));
  return tf.add(terms[0], terms[1]);
}

/** 1 for the last valid frame of each row. */
const lastFrame = (valid: Tensor, lengths: Tensor, time: number): Tensor =>
  tf.sub(valid, frameMask(tf.sub(lengths, tf.scalar(1, 'int32')), time, 3));
