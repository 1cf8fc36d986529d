import { z } from 'zod';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { wrapMoves } from '../../engine/whole-batch.js';
import { UserError } from '../../errors.js';
import type { Scope } from '../../nn/scope.js';
import { idlePattern, namePattern } from '../../optim/name-patterns.js';

/** Options of frozen parts of a network. */
export const freezeOptions = z.strictObject({
  parts: z
    .array(z.string())
    .min(1)
    .describe('names of the frozen weights; * stands for any text: "network/backbone/*"'),
  untilEpoch: z
    .number()
    .positive()
    .optional()
    .describe('first epoch in which they are trained, counted from 0; without it they never are'),
});
export type FreezeOptions = z.output<typeof freezeOptions>;

/** A training with frozen parts. */
export interface Freeze {
  /** The weights that are trained, at least at the end. */
  trained: Variable[];
  /** Names of the weights and statistics that never change. */
  frozen: string[];
  /** Those among them that are frozen at first, with the input of a step that decides. */
  learnsWhen?: ReadonlyMap<Variable, string>;
  /** While tracing: runs a forward pass, after which the statistics of frozen parts are as they were before. */
  forward<T>(inputs: Record<string, Tensor>, act: () => T): T;
}

/** The input that thaws frozen parts: 1 trained, 0 frozen. */
export const THAWED = 'thawed';

/**
 * The trained and frozen variables of `scopes`. Parts that are never trained have no gradients and no optimizer states; until they are
 * thawed, the others do not move at all, weight decay included. Within a training pass batch normalisation goes by the batch, frozen or
 * not. Throws UserError for a pattern that names nothing, with all names there are, and when nothing would be left to learn.
 */
export function freeze(scopes: readonly Scope[], options: FreezeOptions | undefined): Freeze {
  const weights = scopes.flatMap((scope) => scope.params());
  if (!options) return { trained: weights, frozen: [], forward: (_, act) => act() };
  const statistics = scopes.flatMap((scope) => scope.buffers());
  const isFrozen = frozenBy(options, [...weights, ...statistics]);
  const frozenStatistics = statistics.filter(isFrozen);
  const learning = weights.filter((weight) => !isFrozen(weight));
  if (options.untilEpoch !== undefined) {
    return {
      trained: weights,
      frozen: [],
      learnsWhen: new Map(weights.filter(isFrozen).map((weight) => [weight, THAWED])),
      forward: (inputs, act) => keeping(frozenStatistics, inputs[THAWED], act),
    };
  }
  if (learning.length === 0)
    throw new UserError('freeze.parts: everything is frozen for the whole run. Name fewer parts, or give untilEpoch.');
  return forGood(weights, statistics, isFrozen);
}

/** The same where only some variables of the scope `network` learn, and all of the `others`. */
export function freezeAllBut(network: Scope, others: readonly Scope[], learns: (name: string) => boolean): Freeze {
  const scopes = [network, ...others];
  const fixed = new Set([...network.params(), ...network.buffers()].filter(({ name }) => !learns(name)));
  const weights = scopes.flatMap((scope) => scope.params());
  const statistics = scopes.flatMap((scope) => scope.buffers());
  return forGood(weights, statistics, (variable) => fixed.has(variable));
}

function forGood(
  weights: readonly Variable[],
  statistics: readonly Variable[],
  isFrozen: (variable: Variable) => boolean,
): Freeze {
  const frozenStatistics = statistics.filter(isFrozen);
  return {
    trained: weights.filter((weight) => !isFrozen(weight)),
    frozen: [...weights.filter(isFrozen), ...frozenStatistics].map(({ name }) => name),
    forward: (_, act) => keeping(frozenStatistics, undefined, act),
  };
}

function frozenBy({ parts }: FreezeOptions, variables: readonly Variable[]): (variable: Variable) => boolean {
  const names = variables.map(({ name }) => name);
  const idle = idlePattern(parts, names);
  if (idle !== undefined)
    throw new UserError(`freeze.parts: '${idle}' matches no name. There are:\n  ${names.join('\n  ')}`);
  const patterns = parts.map(namePattern);
  return ({ name }) => patterns.some((matches) => matches(name));
}

/** Runs `act` and undoes what it writes into `variables`, now or for the whole batch: where `learns` is 0, or, without it, always. */
function keeping<T>(variables: readonly Variable[], learns: Tensor | undefined, act: () => T): T {
  return wrapMoves(
    () => undoing(variables, learns, act),
    ({ rows, act: move }) => ({
      // The update has no input of this trace: what decides travels as a row.
      rows: learns ? [tf.reshape(learns, [1]), ...rows] : rows,
      act: (all) =>
        learns
          ? undoing(variables, tf.reshape(tf.slice(all[0], 0, 1), []), () => move(all.slice(1)))
          : undoing(variables, undefined, () => move(all)),
    }),
  );
}

function undoing<T>(variables: readonly Variable[], learns: Tensor | undefined, act: () => T): T {
  const before = variables.map((variable) => variable.read());
  const result = act();
  variables.forEach((variable, i) => {
    const moved = variable.read();
    variable.assign(learns ? tf.where(tf.greater(learns, 0), moved, before[i]) : before[i]);
  });
  return result;
}
