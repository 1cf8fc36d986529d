import { type Block, blocksOf } from '../engine/ops/block-codes.js';
import type { Variable } from '../engine/variable.js';
import { UserError } from '../errors.js';
import { sizeOf } from '../host-tensor.js';
import type { Scope } from '../nn/scope.js';
import type { CodedState } from './eight-bit.js';
import { idlePattern, namePattern } from './name-patterns.js';
import type { OptimizerOptions } from './options.js';
import { STATE_BOOKS, type StateKind } from './state-kinds.js';

/**
 * Weights with fewer values keep 32-bit states, as in the paper: they take little memory, and norms and biases need the precision.
 */
export const SMALLEST_CODED = 4096;

/**
 * The test for weights whose states are kept in 8 bit. Throws UserError for a pattern of `keep32` that matches none of `weights`.
 */
export function codedWeights(
  weights: readonly Variable[],
  { stateBits, keep32 }: Pick<OptimizerOptions, 'stateBits' | 'keep32'>,
): (weight: Variable) => boolean {
  if (stateBits === 32) return () => false;
  const idle = idlePattern(
    keep32,
    weights.map(({ name }) => name),
  );
  if (idle !== undefined) {
    const examples = weights.slice(0, 3).map(({ name }) => `'${name}'`);
    throw new UserError(
      `optimizer.keep32: '${idle}' matches no weight. There are ${weights.length}, such as ${examples.join(', ')}; * matches any text.`,
    );
  }
  const kept = keep32.map(namePattern);
  return ({ name, shape }) => sizeOf(shape) >= SMALLEST_CODED && !kept.some((isKept) => isKept(name));
}

/** A state in float32: `<scope>/<kind>/<weight>`. */
export const createState = (scope: Scope, kind: StateKind, { name, shape }: Variable): Variable =>
  scope.child(kind).buffer(name, shape, 0);

/** A state in 8 bit: `<scope>/<kind>/codes/<weight>` and `<scope>/<kind>/absmax/<weight>`. It is zero: all scales are. */
export function createCodedState(scope: Scope, kind: StateKind, { name, shape }: Variable, block: Block): CodedState {
  const kindScope = scope.child(kind);
  return {
    codes: kindScope.child('codes').buffer(name, shape, 0, 'uint8'),
    absmax: kindScope.child('absmax').buffer(name, [blocksOf(sizeOf(shape), block)], 0),
    book: STATE_BOOKS[kind],
    block,
  };
}
