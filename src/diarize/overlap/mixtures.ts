import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** Recordings of one or two voices, and when each speaks. */
export interface Mixtures {
  /** int16 scale. // [rows, samples] */
  wave: Tensor;
  /** 1 where two speak at once. // [rows, blocks] */
  overlap: Tensor;
  /** 1 where anybody speaks. // [rows, blocks] */
  speech: Tensor;
}

/** Blocks of 10 ms. */
export const BLOCK = 160;
/** The root mean square of a voice, on int16 scale. */
const LEVEL = 1000;
/** A block is speech within 30 dB of the crop's loudest. */
const SPEECH_SHARE = 1e-3;
const MOST_GAIN_DB = 6;
/** The share of rows with one voice. */
const ALONE = 0.2;
/** The second voice begins so much of the crop before the first one ends; negative: a pause. More than people overlap, so that there is enough to learn from. */
const SHARED = { least: -0.1, most: 0.8 };
/** The last place in the crop at which it begins. */
const LATEST = 0.8;

/**
 * Mixes each row with the next one: the first voice ends where, before or after the second one begins, so that turns with pauses, turns
 * without and overlaps of all lengths come up, and rows of one voice. Random draws are named below `name`.
 * @param clean crops before augmentation, which tell when somebody speaks [rows, samples]
 * @param heard the same through rooms and channels
 */
export function mixtures(clean: Tensor, heard: Tensor, name: string): Mixtures {
  const [rows, samples] = heard.shape;
  const draw = (what: string, low: number, high: number) => random.uniform([rows, 1], `${name}/${what}`, low, high);
  const alone = tf.less(draw('alone', 0, 1), ALONE);
  const begins = tf.where(alone, tf.fill([rows, 1], 2), draw('begins', 0, LATEST));
  const ends = tf.add(begins, draw('shared', SHARED.least, SHARED.most));
  const gain = tf.exp(tf.mul(draw('gain', -MOST_GAIN_DB, MOST_GAIN_DB), Math.LN10 / 20));
  const places = (count: number) => tf.expandDims(tf.div(tf.add(tf.range(0, count, 1, 'float32'), 0.5), count), 0);
  const first = (count: number) => tf.cast(tf.less(places(count), ends), 'float32');
  const second = (count: number) => tf.cast(tf.greaterEqual(places(count), begins), 'float32');
  const voices = atLevel(heard);
  const wave = tf.add(tf.mul(voices, first(samples)), tf.mul(tf.mul(next(voices), gain), second(samples)));
  const active = speaking(clean);
  const blocks = active.shape[1]!;
  const [one, other] = [tf.mul(active, first(blocks)), tf.mul(next(active), second(blocks))];
  return { wave, overlap: tf.mul(one, other), speech: tf.maximum(one, other) };
}

/** The next row in the place of each. */
function next(rows: Tensor): Tensor {
  const [count, size] = rows.shape;
  return tf.concat([tf.slice(rows, [1, 0], [count - 1, size]), tf.slice(rows, [0, 0], [1, size])], 0);
}

const atLevel = (wave: Tensor): Tensor =>
  tf.mul(wave, tf.div(LEVEL, tf.sqrt(tf.add(tf.mean(tf.square(wave), 1, true), 1))));

/** 1 in the blocks in which a crop of one voice speaks. // [rows, samples] -> [rows, samples / BLOCK] */
function speaking(wave: Tensor): Tensor {
  const [rows, samples] = wave.shape;
  const blocks = Math.floor(samples / BLOCK);
  const whole = tf.slice(wave, [0, 0], [rows, blocks * BLOCK]);
  const power = tf.mean(tf.square(tf.reshape(whole, [rows, blocks, BLOCK])), 2);
  return tf.cast(tf.greater(power, tf.mul(tf.max(power, 1, true), SPEECH_SHARE)), 'float32');
}
