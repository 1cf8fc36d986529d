import { z } from 'zod';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** An option that is a range [from, to], to draw from evenly. */
export const rangeOf = (low: number, high: number, number: z.ZodNumber = z.number()) =>
  z
    .tuple([number, number])
    .refine(([from, to]) => from <= to, 'the first must not be above the second')
    .default([low, high]);

/** An option that is a probability, 0 to 1. */
export const probability = (value: number) => z.number().min(0).max(1).default(value);

/** Draws one number for each row, [rows, 1]; the names of its draws begin with its own `name`. */
export interface RowDraw {
  readonly rows: number;
  readonly name: string;
  uniform(name: string, range: readonly [number, number]): Tensor;
  /** Even on a log scale, returned as the natural logarithm. */
  logOf(name: string, range: readonly [number, number]): Tensor;
  /** An amplitude factor, even in decibels. */
  gain(name: string, rangeDb: readonly [number, number]): Tensor;
  /** 1 with this probability, else 0. */
  chance(name: string, probability: number): Tensor;
}

/** Draws for `rows` rows, named below `name`; the compiled function needs an input `step`. */
export function rowDraw(rows: number, name: string): RowDraw {
  const uniform = (part: string, [from, to]: readonly [number, number]) =>
    random.uniform([rows, 1], `${name}/${part}`, from, to);
  return {
    rows,
    name,
    uniform,
    logOf: (part, [from, to]) => uniform(part, [Math.log(from), Math.log(to)]),
    gain: (part, rangeDb) => tf.exp(tf.mul(uniform(part, rangeDb), Math.LN10 / 20)),
    chance: (part, probability) => tf.cast(tf.less(uniform(part, [0, 1]), probability), 'float32'),
  };
}
