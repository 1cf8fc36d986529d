import type { Gradient } from '../../engine/autodiff.js';
import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { Variable } from '../../engine/variable.js';
import { createScope } from '../../nn/scope.js';

const SCOPE = 'accumulated';

/** Sums of gradients over the micro-batches of one update. */
export interface Accumulators {
  /** While tracing: adds gradients; with `fresh` 1 to zeros, with 0 to what is there. */
  add(gradients: readonly Gradient[], fresh: Tensor): void;
  /** While tracing: the sums over `count`. */
  mean(count: number): Gradient[];
}

/** Creates one accumulator for each trained variable. */
export function createAccumulators(session: Session, trained: readonly Variable[]): Accumulators {
  const scope = createScope(session, SCOPE, 0);
  const sums = new Map(trained.map((variable) => [variable, scope.buffer(variable.name, variable.shape, 0)]));
  return {
    add(gradients, fresh) {
      const keep = tf.sub(1, fresh);
      for (const { variable, gradient } of gradients) {
        const sum = sums.get(variable)!;
        sum.assign(tf.add(gradient, tf.mul(sum.read(), keep)));
      }
    },
    mean: (count) => trained.map((variable) => ({ variable, gradient: tf.div(sums.get(variable)!.read(), count) })),
  };
}

/** Whether a variable holds nothing between two updates, so that no checkpoint needs it. */
export const isTransient = (name: string): boolean => name.startsWith(`${SCOPE}/`);
