import { stopGradient } from '../engine/autodiff.js';
import { type Tensor, tf } from '../engine/tf.js';
import type { Initializer, Scope } from './scope.js';

/** The last rows that were pushed, oldest first. */
export interface Queue {
  /** [length, size]; a constant to every gradient. */
  read(): Tensor;
  /**
   * Appends `rows` [count, size], at most as many as the queue holds, and drops as many of the oldest. Written at the end of the
   * step, as every assignment; later reads see it.
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
      const stay = () => tf.slice(rows.read(), [count, 0], [length - count, size]);
      rows.assign(count < length ? tf.concat([stay(), added], 0) : added);
    },
  };
}
