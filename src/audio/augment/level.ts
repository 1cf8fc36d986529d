import { z } from 'zod';
import { withoutGradient } from '../../engine/autodiff.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { rowDraw } from './draw.js';

/** An option that is a range, [from, to], drawn from evenly. */
export const rangeOf = (low: number, high: number, number: z.ZodNumber = z.number()) =>
  z
    .tuple([number, number])
    .refine(([from, to]) => from <= to, 'the first must not be above the second')
    .default([low, high]);

/** Amplitude factor of decibels. */
export const decibels = (db: Tensor): Tensor => tf.exp(tf.mul(db, Math.LN10 / 20));

/** Mean power of rows [rows, 1]; a hair above nothing, so that it can divide. The quietest sound there is, one sample of 1, is above. */
export const levelledPower = (rows: Tensor): Tensor => tf.add(tf.mean(tf.square(rows), 1, true), 1e-10);

export const gainOptions = z.strictObject({ db: rangeOf(-6, 6) });

/** Makes each row louder or softer. `wave` [rows, samples]. */
export const changeGain = (wave: Tensor, { db }: z.output<typeof gainOptions>, name: string): Tensor =>
  withoutGradient(() => tf.mul(wave, decibels(rowDraw(wave.shape[0], name).uniform('gain-db', db))));

export const clippingOptions = z.strictObject({
  level: rangeOf(0.1, 0.5, z.number().positive().max(1)).describe("where it clips, as a share of the row's peak"),
});

/** Cuts the peaks of each row off. `wave` [rows, samples]. */
export function clip(wave: Tensor, { level }: z.output<typeof clippingOptions>, name: string): Tensor {
  return withoutGradient(() => {
    const most = tf.mul(peaks(wave), rowDraw(wave.shape[0], name).uniform('level', level));
    return tf.maximum(tf.minimum(wave, most), tf.neg(most));
  });
}

/** Scales each row so that its peak is full scale, 32767; silence stays. `wave` [rows, samples]. */
export const normalisePeaks = (wave: Tensor): Tensor =>
  withoutGradient(() => tf.mul(wave, tf.div(32767, tf.maximum(peaks(wave), 1e-6))));

const peaks = (wave: Tensor): Tensor => tf.max(tf.abs(wave), 1, true);

export const dropChunkOptions = z.strictObject({
  chunks: rangeOf(1, 5, z.number().int().nonnegative()).describe('pieces that are silenced'),
  samples: rangeOf(1000, 2000, z.number().int().nonnegative()).describe('length of a piece'),
});

/** Silences pieces of each row, as SpeechBrain's DropChunk does; they may overlap. `wave` [rows, samples]. */
export function dropChunks(wave: Tensor, options: z.output<typeof dropChunkOptions>, name: string): Tensor {
  return withoutGradient(() => {
    const [rows, samples] = wave.shape;
    const draw = rowDraw(rows, name);
    const whole = (part: string, [least, most]: readonly [number, number]) =>
      tf.floor(draw.uniform(part, [least, most + 1]));
    const count = whole('count', options.chunks);
    const place = tf.reshape(tf.range(0, samples), [1, samples]);
    let kept: Tensor = wave;
    for (let i = 0; i < options.chunks[1]; i++) {
      const length = tf.mul(whole(`length-${i}`, options.samples), tf.cast(tf.less(i, count), 'float32'));
      const start = tf.floor(tf.mul(draw.uniform(`start-${i}`, [0, 1]), tf.maximum(tf.sub(samples + 1, length), 1)));
      const inside = tf.logicalAnd(tf.greaterEqual(place, start), tf.less(place, tf.add(start, length)));
      kept = tf.mul(kept, tf.cast(tf.logicalNot(inside), 'float32'));
    }
    return kept;
  });
}
