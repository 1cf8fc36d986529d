import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { float32 } from '../../host-tensor.js';
import type { Points } from '../points.js';
import { argMax, blockRows, eachBlock, integer, transpose } from './assigner.js';

/** Below every score. */
const NOTHING = -1e30;

/** The result of a full pass for a block of rows; a score is y c - |c|^2 / 2, largest for the nearest centre. */
export interface BlockScores {
  firstRow: number;
  /** [rows, groups] the best score of each group. */
  maxima: Float32Array;
  /** [rows] the column of the best score, and the best other score of its group. */
  columns: Int32Array;
  seconds: Float32Array;
  /** [rows] |y|^2 */
  squares: Float32Array;
}

/** The result of a pass over the centres of one group. */
export interface GroupScores {
  columns: Int32Array;
  firsts: Float32Array;
  seconds: Float32Array;
  squares: Float32Array;
}

/** Scores of points against centres that lie in groups of `width` columns. */
export interface GroupedScores {
  /** Sets the centres [clusters, size]; `order` [columns] gives the centre of each column, -1 for none. */
  load(centers: Float32Array, order: Int32Array): Promise<void>;
  /** Rows of a block. */
  blockRows: number;
  /** All rows of this process against all centres, block after block. */
  all(take: (block: BlockScores) => void, signal?: AbortSignal): Promise<void>;
  /** Rows of values [batch, size] against the centres of one group. */
  group(group: number, rows: Float32Array): Promise<GroupScores>;
}

/** Groups of `width` columns, and the rows of a batch for one group. */
export interface GroupShape {
  groups: number;
  width: number;
  batch: number;
  name: string;
}

/** Creates the passes on the session's device. */
export function createGroupedScores(session: Session, points: Points, shape: GroupShape): GroupedScores {
  const { values, rows, size } = points;
  const columns = shape.groups * shape.width;
  const { centers, biases, full, byGroup } = compilePasses(session, points, shape);
  const columnwise = new Float32Array(size * columns);
  const step = blockRows(rows, columns, size);

  async function block(firstRow: number): Promise<BlockScores> {
    const count = Math.min(step, rows - firstRow);
    const x = float32(values.subarray(firstRow * size, (firstRow + count) * size), [count, size]);
    const { maxima, column, second, squares } = await full({ x });
    return {
      firstRow,
      maxima: maxima.data as Float32Array,
      columns: column.data as Int32Array,
      seconds: second.data as Float32Array,
      squares: squares.data as Float32Array,
    };
  }

  return {
    blockRows: step,
    async load(next, order) {
      transpose(next, columnwise, size, (column) => Math.max(0, order[column]));
      const halves = Float32Array.from(order, (cluster) => (cluster < 0 ? -NOTHING : biasOf(points, next, cluster)));
      await session.load({ [centers.name]: float32(columnwise, [size, columns]), [biases.name]: float32(halves) });
    },
    async all(take, signal) {
      await eachBlock(points, step, block, (_, scores) => {
        signal?.throwIfAborted();
        take(scores);
      });
    },
    async group(group, x) {
      const { column, first, second, squares } = await byGroup[group]({ x: float32(x, [shape.batch, size]) });
      return {
        columns: column.data as Int32Array,
        firsts: first.data as Float32Array,
        seconds: second.data as Float32Array,
        squares: squares.data as Float32Array,
      };
    },
  };
}

/** The variables, the pass over all columns and the passes over one group each. */
function compilePasses(session: Session, { size, metric, shift: shiftValues }: Points, shape: GroupShape) {
  const { groups, width, name } = shape;
  const columns = groups * width;
  const centers = session.variable(`${name}/grouped`, [size, columns], 0);
  const biases = session.variable(`${name}/biases`, [columns], 0);
  const shift = session.variable(`${name}/grouped-shift`, [size], float32(Float32Array.from(shiftValues)));
  const vectorsOf = (x: Tensor) => (metric === 'cosine' ? x : tf.sub(x, shift.read()));

  const full = session.compile(`${name}/all`, ({ x }) => {
    const y = vectorsOf(x);
    const count = x.shape[0];
    const scores = tf.sub(tf.matMul(y, centers.read()), biases.read());
    const grouped = tf.reshape(scores, [count * groups, width]);
    const maxima = tf.reshape(tf.max(grouped, 1), [count, groups]);
    const best = argMax(maxima);
    const chosen = tf.add(tf.mul(tf.range(0, count, 1, 'int32'), integer(groups)), best);
    const { within, second } = topTwo(tf.gather(grouped, chosen as ReturnType<typeof tf.tensor1d>));
    return { maxima, column: tf.add(tf.mul(best, integer(width)), within), second, squares: squaresOf(y) };
  });
  const byGroup = Array.from({ length: groups }, (_, group) =>
    session.compile(`${name}/group-${group}`, ({ x }) => {
      const y = vectorsOf(x);
      const part = tf.slice(centers.read(), [0, group * width], [size, width]);
      const scores = tf.sub(tf.matMul(y, part), tf.slice(biases.read(), [group * width], [width]));
      const { within, first, second } = topTwo(scores);
      return { column: tf.add(within, integer(group * width)), first, second, squares: squaresOf(y) };
    }),
  );
  return { centers, biases, full, byGroup };
}

/** |c|^2 / 2; nothing by cosine, where all centres have length 1. */
function biasOf({ size, metric }: Points, centers: Float32Array, cluster: number): number {
  if (metric === 'cosine') return 0;
  let sum = 0;
  for (let at = cluster * size; at < (cluster + 1) * size; at++) sum += centers[at] * centers[at];
  return sum / 2;
}

/** The place of each row's largest score, that score and the next; `scores` [rows, columns]. */
function topTwo(scores: Tensor): { within: Tensor; first: Tensor; second: Tensor } {
  const within = argMax(scores);
  const [, columns] = scores.shape as [number, number];
  const taken = tf.equal(tf.expandDims(within, 1), tf.expandDims(tf.range(0, columns, 1, 'int32'), 0));
  const others = tf.where(taken, tf.fill(scores.shape, NOTHING), scores);
  return { within, first: tf.max(scores, 1), second: tf.max(others, 1) };
}

const squaresOf = (y: Tensor): Tensor => tf.sum(tf.square(y), 1);
