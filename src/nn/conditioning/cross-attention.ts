import { type Tensor, tf } from '../../engine/tf.js';
import { matMul } from '../dense.js';
import { frameDense } from '../encoder/frame-dense.js';
import { frameMask, maskTime, type Pass } from '../pass.js';
import type { Scope } from '../scope.js';
import type { ConditionSizes } from './film.js';

/** Sizes of attention to several vectors. */
export interface CrossAttentionOptions extends ConditionSizes {
  /** Channels of queries, keys and values, all heads together; a multiple of `heads`. Default: the map's. */
  width?: number;
  /** Default: 1. */
  heads?: number;
}

/** No score outweighs it. */
const NEVER = 1e9;

/**
 * Every frame of a map attends to several vectors of its row, such as the embeddings of an enrolment's windows, and what it hears is added to it:
 * multi-head scaled dot-product attention with queries from the map and keys and values from the vectors (Vaswani et al., "Attention Is All
 * You Need", 2017, arXiv:1706.03762). Of a single vector, every frame gets the same. Frames beyond a row's length stay zero.
 * @returns (x [batch, time, channels], vectors [batch, count, size], pass, counts?) -> [batch, time, channels]; `counts` [batch] (int32) are
 *   the vectors of each row that count, all where it is left out
 */
export function crossAttention(
  scope: Scope,
  { size, channels, width = channels, heads = 1 }: CrossAttentionOptions,
): (x: Tensor, vectors: Tensor, pass: Pass, counts?: Tensor) => Tensor {
  if (width % heads !== 0) throw new Error(`${scope.path}: width ${width} is no multiple of ${heads} heads`);
  const from = (name: string, inputs: number, outputs: number) => frameDense(scope.child(name), { inputs, outputs });
  const query = from('query', channels, width);
  const [key, value] = [from('key', size, width), from('value', size, width)];
  const out = from('out', width, channels);
  const ofHead = width / heads;
  const apart = (x: Tensor): Tensor => {
    const [batch, places] = x.shape as [number, number];
    return tf.transpose(tf.reshape(x, [batch, places, heads, ofHead]), [0, 2, 1, 3]);
  };
  return (x, vectors, pass, counts) => {
    const [batch, time] = x.shape as [number, number];
    const scores = matMul(tf.mul(apart(query(x)), ofHead ** -0.5), apart(key(vectors)), false, true);
    const open = counts ? tf.sub(scores, absent(counts, vectors.shape[1]!)) : scores;
    const heard = matMul(tf.softmax(open) as Tensor, apart(value(vectors)));
    const together = tf.reshape(tf.transpose(heard, [0, 2, 1, 3]), [batch, time, width]);
    return maskTime(tf.add(x, out(together as Tensor)), pass);
  };
}

/** What is taken from the scores of vectors beyond a row's count. // [batch, 1, 1, count] */
const absent = (counts: Tensor, count: number): Tensor =>
  tf.reshape(tf.mul(tf.sub(1, frameMask(counts, count, 3)), NEVER), [-1, 1, 1, count]);
