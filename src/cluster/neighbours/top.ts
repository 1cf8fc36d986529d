import type { Traced } from '../../engine/session/compile.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { HostTensor } from '../../host-tensor.js';

/** Columns of one group, and the groups for each wanted column from which a search in groups is faster. */
const GROUP = 64;
const GROUPS_PER_WANTED = 2;

/** The best columns of each row so far: cosines [rows, wanted] and their columns. */
type Best<T> = {
  similarities: T;
  indices: T;
};

/** Rows x [rows, size], the next `columns` [columns, size], the number `first` of their first, and the best so far. */
type Block = Best<HostTensor> & { x: HostTensor; columns: HostTensor; first: HostTensor };

export type TopColumns = (block: Block) => Promise<Best<HostTensor>>;

/** Compiles the search for the `wanted` largest products of each row with columns that come block after block; the first of equals. */
export function createTopColumns(session: Session, wanted: number): TopColumns {
  return session.compile(`neighbours/${wanted}`, (block: Traced<Block>) => {
    const top = topOf(tf.matMul(block.x, block.columns, false, true), wanted);
    return best(
      tf.concat([block.similarities, top.similarities], 1),
      tf.concat([block.indices, tf.add(top.indices, block.first)], 1),
      wanted,
    );
  });
}

/**
 * The largest of each row of scores [rows, columns] and their columns. TensorFlow's TopK takes longer than the product that made
 * the scores, its Max next to nothing, and the largest `wanted` lie in the `wanted` groups of largest maximum.
 */
function topOf(scores: Tensor, wanted: number): Best<Tensor> {
  const [rows, columns] = scores.shape;
  const groups = columns / GROUP;
  if (!Number.isInteger(groups) || groups < GROUPS_PER_WANTED * wanted) {
    const all = tf.topk(scores, Math.min(wanted, columns));
    return { similarities: all.values, indices: all.indices };
  }
  const grouped = tf.reshape(scores, [rows * groups, GROUP]);
  const largest = tf.topk(tf.reshape(tf.max(grouped, 1), [rows, groups]), wanted).indices;
  // In ascending order, so that the first of equals stays the first.
  const chosen = tf.neg(tf.topk(tf.neg(largest), wanted).values);
  const starts = tf.add(chosen, rowStarts(rows, groups));
  const candidates = tf.gather(grouped, flat(starts));
  const numbers = tf.add(tf.expandDims(tf.mul(chosen, tf.scalar(GROUP, 'int32')), 2), tf.range(0, GROUP, 1, 'int32'));
  const shape = [rows, wanted * GROUP];
  return best(tf.reshape(candidates, shape), tf.reshape(numbers, shape), wanted);
}

/** The largest of each row, and the `numbers` at their places. */
function best(similarities: Tensor, numbers: Tensor, wanted: number): Best<Tensor> {
  const [rows, columns] = similarities.shape;
  const { values, indices } = tf.topk(similarities, wanted);
  const picked = tf.gather(flat(numbers), flat(tf.add(indices, rowStarts(rows, columns))));
  return { similarities: values, indices: tf.reshape(picked, [rows, wanted]) };
}

/** [rows, 1] where each row of [rows, columns] starts. */
const rowStarts = (rows: number, columns: number): Tensor =>
  tf.expandDims(tf.mul(tf.range(0, rows, 1, 'int32'), tf.scalar(columns, 'int32')), 1);

const flat = (x: Tensor) => tf.reshape(x, [-1]) as ReturnType<typeof tf.tensor1d>;
