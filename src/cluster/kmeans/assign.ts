import type { Session } from '../../engine/session/session.js';
import { tf } from '../../engine/tf.js';
import { float32 } from '../../host-tensor.js';
import type { Points } from '../points.js';
import { largestColumn, paddedColumns } from './nearest.js';

/** Scores of one block, the largest array of an assignment. */
const BLOCK_SCORES = 2 ** 21;
const MOST_BLOCK_ROWS = 8192;
/** Fewer rows make poor matrix products. */
const LEAST_BLOCK_ROWS = 256;
const BLOCK_VALUES = 2 ** 22;

/** Finds the nearest centre of every point; `labels` [rows] are the clusters as they are, `move` is told of each row that changes. */
export type Assign = (
  centers: Float32Array,
  labels: Int32Array,
  move: (row: number, to: number) => void,
  signal?: AbortSignal,
) => Promise<void>;

/** Makes the assignment of points to `clusters` centres [clusters, size] on the session's device; ties go to the first centre. */
export function createAssign(session: Session, points: Points, clusters: number, name: string): Assign {
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

  return async (centers, labels, move, signal) => {
    // The last centre fills the columns that are left.
    transpose(centers, columnwise, size, (column) => Math.min(column, clusters - 1));
    await session.load({ [centersVariable.name]: float32(columnwise, [size, columns]) });
    let running = labelsOf(0);
    for (let first = 0; first < rows; first += step) {
      const found = await running;
      signal?.throwIfAborted();
      // The next block runs while this one's labels are worked in.
      if (first + step < rows) running = labelsOf(first + step);
      for (let i = 0; i < found.length; i++) if (found[i] !== labels[first + i]) move(first + i, found[i]);
    }
  };
}

/** Rows of a block, such that blocks are of almost equal size and their scores [rows, columns] stay small. */
export function blockRows(rows: number, columns: number, size: number): number {
  const fitting = Math.max(LEAST_BLOCK_ROWS, Math.min(MOST_BLOCK_ROWS, Math.floor(BLOCK_SCORES / columns)));
  const most = Math.max(1, Math.min(fitting, Math.floor(BLOCK_VALUES / size)));
  return Math.ceil(rows / Math.ceil(rows / most));
}

/** Writes centres [clusters, size] into `columnwise` [size, columns]; `centerAt` says which one stands in a column. */
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
