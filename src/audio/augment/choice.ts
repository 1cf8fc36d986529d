import { gather } from '../../engine/gather.js';
import { randomOrder } from '../../engine/ops/random-order.js';
import { random } from '../../engine/random.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { onHost } from '../../engine/trace.js';

/** A change to waveforms [rows, samples] or features [rows, frames, bins], to the same shape; random draws are named below `name`. */
export type RowChange = (rows: Tensor, name: string) => Tensor;

/** A change and its share of the rows. */
export interface Branch {
  /** Probability that a row goes this way. */
  share: number;
  apply: RowChange;
}

/** A branch's rows in a random order: `start` to `end`, of which at most `most`. */
interface Segment {
  start: Tensor;
  end: Tensor;
  most: number;
}

const TOLERANCE = 1e-6;

/**
 * Sends each row through one of the branches, or none, with the shares as probabilities; only the rows of a branch are computed in it.
 * Rows are assigned by systematic sampling in a random order (Madow, "On the theory of systematic sampling, II", Annals of Mathematical
 * Statistics 1949): every row has exactly these probabilities, and a batch has its share of rows in each branch, rounded up or down.
 */
export function oneOf(rows: Tensor, branches: readonly Branch[], name: string): Tensor {
  const possible = branches.filter(({ share }) => share > 0);
  const total = possible.reduce((sum, { share }) => sum + share, 0);
  if (total > 1 + TOLERANCE) throw new Error(`the branches' shares add up to ${total}, more than 1`);
  if (possible.length === 0) return rows;
  if (possible.length === 1 && total > 1 - TOLERANCE) return possible[0].apply(rows, `${name}/0`);
  const count = rows.shape[0];
  // Whole numbers are computed on the host in any case; drawn there, too, they wait for nothing on a GPU.
  const { chosen, source } = onHost(() => assign(possible, count, name));
  const parts = chosen.map((places, i) => possible[i].apply(gather(rows, places), `${name}/${i}`));
  return gather(tf.concat([rows, ...parts], 0), source);
}

/** The rows that go through each branch, and where each row's result is then to be found; see {@link sourceRows}. */
function assign(branches: readonly Branch[], count: number, name: string): { chosen: Tensor[]; source: Tensor } {
  const { order, place } = randomOrder(count, `${name}/order`);
  const segments = segmentsOf(branches, count, random.uniform([], `${name}/offset`));
  const chosen = segments.map(({ start, most }) =>
    gather(order, tf.minimum(tf.add(start, tf.range(0, most, 1, 'int32')), whole(count - 1))),
  );
  return { chosen, source: sourceRows(place, segments, count) };
}

/** Applies a change to each row with probability `share`. */
export const forSome = (rows: Tensor, share: number, apply: RowChange, name: string): Tensor =>
  oneOf(rows, [{ share, apply }], name);

function segmentsOf(branches: readonly Branch[], count: number, offset: Tensor): Segment[] {
  let before = 0;
  return branches.map(({ share }) => {
    const [from, to] = [before * count, (before + share) * count];
    before += share;
    const edge = (at: number) => tf.cast(tf.ceil(tf.sub(Math.fround(at), offset)), 'int32') as Tensor;
    const most = Math.max(1, Math.min(count, Math.ceil(to - from - TOLERANCE)));
    return { start: edge(from), end: to > count - TOLERANCE ? whole(count) : edge(to), most };
  });
}

/** The index of each row's result among the unchanged rows, followed by the results of the branches. */
function sourceRows(place: Tensor, segments: readonly Segment[], count: number): Tensor {
  let base = count;
  let source: Tensor = tf.range(0, count, 1, 'int32');
  for (const { start, end, most } of segments) {
    const within = tf.sub(place, start);
    const mine = tf.logicalAnd(tf.greaterEqual(within, 0), tf.logicalAnd(tf.less(place, end), tf.less(within, most)));
    source = tf.where(mine, tf.add(within, whole(base)), source);
    base += most;
  }
  return source;
}

/** A number that keeps integers integers. */
const whole = (value: number): Tensor => tf.scalar(value, 'int32');
