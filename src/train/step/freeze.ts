import { z } from 'zod';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { UserError } from '../../errors.js';
import type { Scope } from '../../nn/scope.js';
import { idlePattern, namePattern } from '../../optim/name-patterns.js';

/** Options of parts of a network that stand still. */
export const freezeOptions = z.strictObject({
  parts: z
    .array(z.string())
    .min(1)
    .describe('names of weights that stand still; * stands for any text: "network/backbone/*"'),
  untilEpoch: z
    .number()
    .positive()
    .optional()
    .describe('first epoch in which they learn, counted from 0; without it they never do'),
});
export type FreezeOptions = z.output<typeof freezeOptions>;

/** A training in which parts stand still. */
export interface Freeze {
  /** The weights that learn, at least at the end. */
  trained: Variable[];
  /** Those among them that do not from the start, by the input of a step that says so. */
  learnsWhen?: ReadonlyMap<Variable, string>;
  /** While tracing: runs a forward pass, after which the statistics of parts that stand still are as they were before. */
  forward<T>(inputs: Record<string, Tensor>, act: () => T): T;
}

/** The input that says whether parts which were frozen learn: 1, or 0 where they stand still. */
export const THAWED = 'thawed';

/**
 * What of `scopes` learns. Parts that never do have no gradients and no optimizer states; those that begin later stand still exactly,
 * weight decay included. Within a training pass batch normalisation goes by the batch, frozen or not. Throws UserError for a pattern
 * that names nothing, with all names there are, and when nothing would be left to learn.
 */
export function freeze(scopes: readonly Scope[], options: FreezeOptions | undefined): Freeze {
  const weights = scopes.flatMap((scope) => scope.params());
  if (!options) return { trained: weights, forward: (_, act) => act() };
  const statistics = scopes.flatMap((scope) => scope.buffers());
  const isFrozen = frozenBy(options, [...weights, ...statistics]);
  const still = statistics.filter(isFrozen);
  const learning = weights.filter((weight) => !isFrozen(weight));
  if (options.untilEpoch !== undefined) {
    return {
      trained: weights,
      learnsWhen: new Map(weights.filter(isFrozen).map((weight) => [weight, THAWED])),
      forward: (inputs, act) => keeping(still, inputs[THAWED], act),
    };
  }
  if (learning.length === 0)
    throw new UserError(
      'freeze.parts: everything stands still for the whole run. Name fewer parts, or give untilEpoch.',
    );
  return { trained: learning, forward: (_, act) => keeping(still, undefined, act) };
}

function frozenBy({ parts }: FreezeOptions, variables: readonly Variable[]): (variable: Variable) => boolean {
  const names = variables.map(({ name }) => name);
  const idle = idlePattern(parts, names);
  if (idle !== undefined)
    throw new UserError(`freeze.parts: '${idle}' names nothing. There are:\n  ${names.join('\n  ')}`);
  const patterns = parts.map(namePattern);
  return ({ name }) => patterns.some((matches) => matches(name));
}

/** Runs `act`; what it writes into `variables` is taken back where `learns` is 0, or always. */
function keeping<T>(variables: readonly Variable[], learns: Tensor | undefined, act: () => T): T {
  const before = variables.map((variable) => variable.read());
  const result = act();
  variables.forEach((variable, i) => {
    const moved = variable.read();
    variable.assign(learns ? tf.where(tf.greater(learns, 0), moved, before[i]) : before[i]);
  });
  return result;
}
