import { after } from '../engine/local-gradients.js';
import { subtractFrom } from '../engine/ops/apply-gradients.js';
import { type Block, blocksOf, decodeBlocks, encodeBlocks, fromBlocks, toBlocks } from '../engine/ops/block-codes.js';
import type { CodeBook } from '../engine/ops/dynamic-tree-codes.js';
import { overwrite, part } from '../engine/ops/overwrite.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Variable } from '../engine/variable.js';
import { sizeOf } from '../host-tensor.js';
import type { Piece, PieceUpdate } from './update-rule.js';

/** One state of a weight in 8 bit: codes of the weight's shape, and the scale of each block of them in row-major order. */
export interface CodedState {
  codes: Variable;
  absmax: Variable;
  book: CodeBook;
  /** Values that share a scale: the same for all states of a weight. */
  block: Block;
}

/** Values decoded at a time: what an update holds in float32 beside the gradient. A multiple of every block. */
export const PIECE = 2 ** 17;

/**
 * Updates a weight and its 8-bit states: decodes, updates and encodes one piece after the other (Dettmers et al., "8-bit Optimizers
 * via Block-wise Quantization", 2022, arXiv:2110.02861), so that no more than a piece of a state ever exists in float32. The update
 * takes the gradient's place in memory, and the first piece waits for `before`. Returns what the next weight's update should wait
 * for.
 */
export function updateInPieces(
  weight: Variable,
  gradient: Tensor,
  states: readonly CodedState[],
  formula: (piece: Piece) => PieceUpdate,
  before: readonly Tensor[],
  pieceValues = PIECE,
): Tensor[] {
  const values = sizeOf(weight.shape);
  const [{ block }] = states;
  let delta = flat(gradient);
  const coded = states.map(({ codes, absmax }) => ({ codes: flat(codes.read()), absmax: absmax.read() }));
  let done = [...before];
  for (let from = 0; from < values; from += pieceValues) {
    const count = Math.min(pieceValues, values - from);
    const [first, blocks] = [from / block, blocksOf(count, block)];
    const cut = (x: Tensor) => toBlocks(slice(x, from, count), block);
    after(done, () => {
      const decoded = coded.map(({ codes, absmax }, i) =>
        decodeBlocks(slice(codes, from, count), slice(absmax, first, blocks), states[i].book, block),
      );
      const update = formula({ gradient: cut(delta), states: decoded, weight: () => cut(flat(weight.read())) });
      const fresh = update.states.map((state, i) => encodeBlocks(state, states[i].book));
      // Written where the old values were, which nothing reads any more.
      done = after([update.delta, ...fresh.map(({ codes }) => codes)], () => {
        delta = replace(delta, from, fromBlocks(update.delta, count));
        fresh.forEach(({ codes, absmax }, i) => {
          coded[i].codes = replace(coded[i].codes, from, fromBlocks(codes, count));
          coded[i].absmax = replace(coded[i].absmax, first, absmax);
        });
        return [delta, ...coded.flatMap(({ codes, absmax }) => [codes, absmax])];
      });
    });
  }
  subtractFrom(weight, tf.reshape(delta, weight.shape));
  states.forEach(({ codes, absmax }, i) => {
    codes.assign(tf.reshape(coded[i].codes, codes.shape));
    absmax.assign(coded[i].absmax);
  });
  return done;
}

const flat = (x: Tensor): Tensor => tf.reshape(x, [-1]);

const slice = (x: Tensor, from: number, count: number): Tensor => (count < x.size ? part(x, from, count) : x);

const replace = (x: Tensor, from: number, part: Tensor): Tensor =>
  part.size < x.size ? overwrite(x, from, part) : part;
