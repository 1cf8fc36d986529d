import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32 } from '../../host-tensor.js';
import { isOwnBlock, type Points } from '../points.js';

/** Scores of one block, the largest array of an assignment. */
const BLOCK_SCORES = 2 ** 21;
const MOST_BLOCK_ROWS = 8192;
/** Fewer rows make poor matrix products. */
const LEAST_BLOCK_ROWS = 256;
const BLOCK_VALUES = 2 ** 22;

/** Columns from which the search in two steps pays. */
const TWO_STEPS_FROM = 256;
/** Columns are searched in groups of a multiple of this, a vector register's width. */
const GROUP_MULTIPLE = 16;

/** Finds the nearest centre of every point of this process's; ties go to the first centre. */
export interface Assigner {
  /** Rows of a block: whose blocks are this process's `isOwnBlock` says. */
  blockRows: number;
  /** Starts anew: the next centres have nothing to do with the last. */
  begin(): void;
  /**
   * @param centers [clusters, size]
   * @param labels [rows] the clusters so far
   * @param move is told of each row whose cluster changes
   */
  assign(
    centers: Float32Array,
    labels: Int32Array,
    move: (row: number, to: number) => void,
    signal?: AbortSignal,
  ): Promise<void>;
}

/** Compares every point with every centre, in blocks on the session's device. */
export function createAssigner(session: Session, points: Points, clusters: number, name: string): Assigner {
  const { values, rows, size, metric, shift } = points;
  const columns = paddedColumns(clusters);
  const centersVariable = session.variable(`${name}/centers`, [size, columns], 0);
  const shiftVariable = session.variable(`${name}/shift`, [size], float32(Float32Array.from(shift)));
  const nearest = session.compile(`${name}/assign`, ({ x }) => {
    const centers = centersVariable.read();
    if (metric === 'cosine') return { labels: largestColumn(tf.matMul(x, centers), clusters) };
    // |y - c|^2 is least where y c - |c|^2 / 2 is largest.
    const products = tf.matMul(tf.sub(x, shiftVariable.read()), centers);
    const halves = tf.mul(tf.sum(tf.square(centers), 0), 0.5);
    return { labels: largestColumn(tf.sub(products, halves), clusters) };
  });
  const columnwise = new Float32Array(size * columns);
  const step = blockRows(rows, columns, size);

  async function labelsOf(first: number): Promise<Int32Array> {
    const count = Math.min(step, rows - first);
    const block = values.subarray(first * size, (first + count) * size);
    return (await nearest({ x: float32(block, [count, size]) })).labels.data as Int32Array;
  }

  return {
    blockRows: step,
    begin() {},
    async assign(centers, labels, move, signal) {
      // The last centre fills the columns that are left.
      transpose(centers, columnwise, size, (column) => Math.min(column, clusters - 1));
      await session.load({ [centersVariable.name]: float32(columnwise, [size, columns]) });
      await eachBlock(points, step, labelsOf, (first, nearestOfBlock) => {
        signal?.throwIfAborted();
        nearestOfBlock.forEach((label, i) => {
          if (label !== labels[first + i]) move(first + i, label);
        });
      });
    },
  };
}

/** Runs over this process's blocks; the next one runs on the device while the results of one are taken. */
export async function eachBlock<T>(
  points: Points,
  step: number,
  run: (firstRow: number) => Promise<T>,
  take: (firstRow: number, result: T) => void,
): Promise<void> {
  const own: number[] = [];
  for (let block = 0; block * step < points.rows; block++) if (isOwnBlock(points, block)) own.push(block * step);
  let running = own.length > 0 ? run(own[0]) : undefined;
  for (const [i, first] of own.entries()) {
    const result = await running!;
    running = i + 1 < own.length ? run(own[i + 1]) : undefined;
    // A failure is thrown where `running` is awaited next, if `take` does not throw before.
    running?.catch(() => {});
    take(first, result);
  }
}

/** Rows of a block, such that blocks are of almost equal size and their scores [rows, columns] stay small. */
export function blockRows(rows: number, columns: number, size: number): number {
  const fitting = Math.max(LEAST_BLOCK_ROWS, Math.min(MOST_BLOCK_ROWS, Math.floor(BLOCK_SCORES / columns)));
  const most = Math.max(1, Math.min(fitting, Math.floor(BLOCK_VALUES / size)));
  return Math.ceil(rows / Math.ceil(rows / most));
}

/** Writes centres [clusters, size] into `columnwise` [size, columns]; `centerAt` gives the centre of a column. */
export function transpose(
  centers: Float32Array,
  columnwise: Float32Array,
  size: number,
  centerAt: (column: number) => number,
): void {
  const columns = columnwise.length / size;
  for (let column = 0; column < columns; column++) {
    const from = centerAt(column) * size;
    for (let j = 0; j < size; j++) columnwise[j * columns + column] = centers[from + j];
  }
}

/** The number of columns that `largestColumn` wants: a whole number of groups; the last column fills those that are left. */
function paddedColumns(columns: number): number {
  return Math.ceil(columns / groupSize(columns)) * groupSize(columns);
}

/**
 * The index of each row's largest value, int32 [rows], the first of equals; `scores` [rows, columns]. TensorFlow's ArgMax takes
 * an eighth of the time of the product that made the scores, its Max next to nothing: so the maximum of each group of columns
 * comes first, then the best group, then the place within it.
 * @param columns their number before padding
 */
function largestColumn(scores: Tensor, columns: number): Tensor {
  const [rows, padded] = scores.shape;
  const size = groupSize(columns);
  if (size === columns) return argMax(scores);
  const groups = padded / size;
  const grouped = tf.reshape(scores, [rows * groups, size]);
  const best = argMax(tf.reshape(tf.max(grouped, 1), [rows, groups]));
  const chosen = tf.add(tf.mul(tf.range(0, rows, 1, 'int32'), integer(groups)), best);
  const within = argMax(tf.gather(grouped, chosen as ReturnType<typeof tf.tensor1d>));
  return tf.minimum(tf.add(tf.mul(best, integer(size)), within), integer(columns - 1));
}

function groupSize(columns: number): number {
  if (columns < TWO_STEPS_FROM) return columns;
  return Math.ceil(Math.sqrt(columns) / GROUP_MULTIPLE) * GROUP_MULTIPLE;
}

/** An int32 constant. */
export const integer = (value: number): Tensor => tf.scalar(value, 'int32');

/** int32 [rows] the place of each row's largest value, the first of equals. */
export const argMax = (x: Tensor): Tensor => tf.cast(tf.argMax(x, 1), 'int32');
