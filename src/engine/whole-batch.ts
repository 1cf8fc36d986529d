import { kept } from './local-gradients.js';
import type { Tensor } from './tf.js';
import { currentTrace } from './trace.js';

/** Rows of a part of a batch, and what the rows of the whole batch change. */
export interface BatchMove {
  rows: Tensor[];
  act(rows: Tensor[]): void;
}

/**
 * While tracing: hands rows of the batch to `act`, which changes variables by them; constants to every gradient. Where an update is made of
 * micro-batches, `act` runs once an update, on the rows of all of them, in order; until then the variables are read as they were. Plain
 * assignments do the same by the mean of the micro-batches' values: right for a running mean, not for a queue.
 */
export function withWholeBatch(rows: readonly Tensor[], act: (rows: Tensor[]) => void): void {
  const { batchMoves, replaying } = currentTrace();
  const constant = rows.map(kept);
  if (replaying) return;
  if (batchMoves) batchMoves.push({ rows: constant, act });
  else act(constant);
}

/** Runs `act` as the trace of a part of a batch; returns its result and the changes that wait for the whole. */
export function asPartOfBatch<T>(act: () => T): { result: T; moves: BatchMove[] } {
  const trace = currentTrace();
  const moves: BatchMove[] = [];
  trace.batchMoves = moves;
  try {
    return { result: act(), moves };
  } finally {
    trace.batchMoves = undefined;
  }
}

/** Runs `act`; changes that it leaves for the whole batch become what `wrap` makes of them. */
export function wrapMoves<T>(act: () => T, wrap: (move: BatchMove) => BatchMove): T {
  const { batchMoves = [] } = currentTrace();
  const earlier = batchMoves.length;
  const result = act();
  for (const move of batchMoves.splice(earlier)) {
    const wrapped = wrap(move);
    batchMoves.push({ ...wrapped, rows: wrapped.rows.map(kept) });
  }
  return result;
}
