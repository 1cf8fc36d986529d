import { type Tensor, tf } from '../../engine/tf.js';

/** Columns from which the search in two steps pays. */
const TWO_STEPS_FROM = 256;

/** Columns are searched in groups of a multiple of this, a vector register's width. */
const GROUP_MULTIPLE = 16;

/** The number of columns that `largestColumn` wants: a whole number of groups; the last column fills those that are left. */
export function paddedColumns(columns: number): number {
  return Math.ceil(columns / groupOf(columns)) * groupOf(columns);
}

/**
 * The index of each row's largest value, int32 [rows], the first of equals; `scores` [rows, columns]. TensorFlow's ArgMax takes
 * an eighth of the time of the product that made the scores, its Max next to nothing: so the maximum of each group of columns
 * comes first, then the best group, then the place within it.
 * @param columns their number before padding
 */
export function largestColumn(scores: Tensor, columns: number): Tensor {
  const [rows, padded] = scores.shape;
  const size = groupOf(columns);
  if (size === columns) return argMax(scores);
  const groups = padded / size;
  const grouped = tf.reshape(scores, [rows * groups, size]);
  const best = argMax(tf.reshape(tf.max(grouped, 1), [rows, groups]));
  const chosen = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), integer(groups)), best);
  const within = argMax(tf.gather(grouped, chosen as ReturnType<typeof tf.tensor1d>));
  return tf.minimum(tf.add(tf.mul(best, integer(size)), within), integer(columns - 1));
}

function groupOf(columns: number): number {
  if (columns < TWO_STEPS_FROM) return columns;
  return Math.ceil(Math.sqrt(columns) / GROUP_MULTIPLE) * GROUP_MULTIPLE;
}

const integer = (value: number): Tensor => tf.scalar(value, 'int32');

const argMax = (x: Tensor): Tensor => tf.cast(tf.argMax(x, 1), 'int32');
