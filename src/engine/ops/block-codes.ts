import { tensorflow } from '../backend.js';
import { raw } from '../raw.js';
import type { Tensor } from '../tf.js';
import { decode, encode } from './dynamic-tree.js';
import type { CodeBook } from './dynamic-tree-codes.js';
import { part } from './overwrite.js';

/**
 * Numbers of values that may share one scale. The method was published with 2048; at 256 the scale costs 1.6 % of the code bytes
 * instead of 0.2 %, the error is a tenth smaller and an outlier spoils fewer neighbours.
 */
export const BLOCKS = [256, 2048] as const;
export type Block = (typeof BLOCKS)[number];
/** What is taken where nothing is said. */
export const DEFAULT_BLOCK: Block = 256;

/** Blocks that hold so many values. */
export const blocksOf = (values: number, block: Block): number => Math.ceil(values / block);

/** Cuts `x` [values] into rows [blocks, block]; the last one is filled up with zeros. */
export function toBlocks(x: Tensor, block: Block): Tensor {
  const missing = blocksOf(x.size, block) * block - x.size;
  const whole = missing > 0 ? tensorflow.pad(x as ReturnType<typeof tensorflow.tensor1d>, [[0, missing]]) : x;
  return tensorflow.reshape(whole, [-1, block]);
}

/** The first `values` of rows [blocks, block]. */
export function fromBlocks(blocks: Tensor, values: number): Tensor {
  const flat = tensorflow.reshape(blocks, [-1]);
  return values < flat.size ? part(flat, 0, values) : flat;
}

/** Rows [blocks, block] as codes (uint8, same shape) of what they are in units of their largest magnitude [blocks]. */
export function encodeBlocks(blocks: Tensor, book: CodeBook): { codes: Tensor; absmax: Tensor } {
  // Two reductions instead of one over |x|, which would be a copy.
  const ends = [tensorflow.max(blocks, 1), ...(book.signed ? [tensorflow.min(blocks, 1)] : [])];
  const absmax = ends.map((end) => tensorflow.abs(end)).reduce((a, b) => tensorflow.maximum(a, b));
  // A block of zeros stays one: 0 / 0 is 0 here.
  const [relative] = raw('DivNoNan', [blocks, tensorflow.expandDims(absmax, 1)]);
  return { codes: encode(relative, book), absmax };
}

/** Rows [blocks, block] from `codes` [values] and the scales [blocks]. */
export function decodeBlocks(codes: Tensor, absmax: Tensor, book: CodeBook, block: Block): Tensor {
  return tensorflow.mul(toBlocks(decode(codes, book), block), tensorflow.expandDims(absmax, 1));
}
