import { stopGradient } from '../engine/autodiff.js';
import { type Tensor, tf } from '../engine/tf.js';
import { withWholeBatch } from '../engine/whole-batch.js';
import type { Initializer, Scope } from './scope.js';

/** The last rows that were pushed, oldest first. */
export interface Queue {
  /** [length, size]; a constant to every gradient. */
  read(): Tensor;
  /**
   * Appends `rows` [count, size], at most as many as the queue holds, and drops as many of the oldest. Written at the end of the
   * step, as every assignment; later reads see it. The rows of an update's micro-batches are appended together, at its end.
   */
  push(rows: Tensor): void;
}

/** First in, first out: a buffer [length, size] under the name `rows`, with the first values given. */
export function createQueue(scope: Scope, shape: [length: number, size: number], initial: Initializer | number): Queue {
  const [length, size] = shape;
  const rows = scope.buffer('rows', shape, initial);
  return {
    read: () => stopGradient(rows.read()),
    push(added) {
      const [count] = added.shape;
      if (count > length) throw new Error(`${scope.path}: ${count} rows pushed into a queue of ${length}`);
      withWholeBatch([added], ([all]) => {
        const stay = length - all.shape[0]!;
        rows.assign(
          stay > 0
            ? tf.concat([tf.slice(rows.read(), [length - stay, 0], [stay, size]), all], 0)
            : tf.slice(all, [-stay, 0], [length, size]),
        );
      });
    },
  };
}
