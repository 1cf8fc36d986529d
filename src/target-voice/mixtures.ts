import { random } from '../engine/random.js';
import { type Tensor, tf } from '../engine/tf.js';

/** Two voices at once, and the one to follow. */
export interface VoiceMixtures {
  /** Around a root mean square of 1. // [rows, samples] */
  mixture: Tensor;
  /** The voice to follow, as loud as it is in the mixture. // [rows, samples] */
  target: Tensor;
}

/** How mixtures are made. */
export interface MixingRule {
  /** Rows from a voice to the one that is mixed with it. */
  each: number;
  /** Range of the ratio of the target to the other voice, in dB. */
  snrDb: readonly [number, number];
}

/** A mixture's level differs by so much from the root mean square of 1 that a whole recording is brought to, for recordings have pauses. */
const LEVEL_DB = 6;

/**
 * Mixes each row with the row `each` below it, in a circle, at a ratio drawn for it; random draws are named below `name`.
 * @param voices [rows, samples]
 */
export function mixVoices(voices: Tensor, { each, snrDb }: MixingRule, name: string): VoiceMixtures {
  const rows = voices.shape[0];
  const gain = (what: string, low: number, high: number): Tensor =>
    tf.exp(tf.mul(random.uniform([rows, 1], `${name}/${what}`, low, high), Math.LN10 / 20));
  const target = atLevel(voices);
  const other = tf.mul(moved(target, each), gain('snr', -snrDb[1], -snrDb[0]));
  const mixture: Tensor = tf.add(target, other);
  const level = tf.mul(tf.div(1, rms(mixture)), gain('level', -LEVEL_DB, LEVEL_DB));
  return { mixture: tf.mul(mixture, level), target: tf.mul(target, level) };
}

/** Root mean square of each row; of digital silence a little more than nothing. // [rows, 1] */
const rms = (wave: Tensor): Tensor => tf.sqrt(tf.add(tf.mean(tf.square(wave), 1, true), 1e-6));

const atLevel = (wave: Tensor): Tensor => tf.div(wave, rms(wave));

/** The row `by` below in the place of each. */
function moved(rows: Tensor, by: number): Tensor {
  const [count, size] = rows.shape as [number, number];
  return tf.concat([tf.slice(rows, [by, 0], [count - by, size]), tf.slice(rows, [0, 0], [by, size])], 0);
}
