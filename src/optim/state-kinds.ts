import { type CodeBook, signedBook, unsignedBook } from '../engine/ops/dynamic-tree-codes.js';

/** The kinds of state of an optimizer; the first part of a state's name below the optimizer's scope. */
export type StateKind = 'momentum' | 'mean' | 'square';

/** The 8-bit numbers of each kind: a mean square has no sign. */
export const STATE_BOOKS: Record<StateKind, CodeBook> = {
  momentum: signedBook,
  mean: signedBook,
  square: unsignedBook,
};
