import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';

/** Draws one number a row, [rows, 1]; the names of its draws begin with the name it was made with. */
export interface RowDraw {
  readonly rows: number;
  readonly name: string;
  uniform(name: string, range: readonly [number, number]): Tensor;
  /** Even on a log scale, returned as the natural logarithm. */
  logOf(name: string, range: readonly [number, number]): Tensor;
  /** 1 with the given probability, else 0. */
  chance(name: string, probability: number): Tensor;
}

export function rowDraw(rows: number, name: string): RowDraw {
  const uniform = (part: string, [from, to]: readonly [number, number]) =>
    random.uniform([rows, 1], `${name}/${part}`, from, to);
  return {
    rows,
    name,
    uniform,
    logOf: (part, [from, to]) => uniform(part, [Math.log(from), Math.log(to)]),
    chance: (part, probability) => tf.cast(tf.less(uniform(part, [0, 1]), probability), 'float32'),
  };
}
