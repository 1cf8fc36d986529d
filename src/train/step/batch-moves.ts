import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import { takePending, type Variable } from '../../engine/variable.js';
import type { BatchMove } from '../../engine/whole-batch.js';
import type { DType } from '../../host-tensor.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { GATHERED } from './transient.js';

/** What a loss moves beside the trained weights (running statistics, centres, queues), gathered over an update's micro-batches. */
export interface BatchMoves {
  /**
   * While tracing a micro-batch: notes `moves`, and the values that were assigned, which then are not. `kind` names traces that move the
   * same; `fresh` is 1 for the first micro-batch of an update, else 0.
   */
  gather(kind: string, moves: readonly BatchMove[], fresh: Tensor): void;
  /** While tracing the update: moves once, by all micro-batches. */
  apply(kind: string): void;
}

/** Moves once an update. */
type Move = () => void;

/**
 * Creates the memory of what the `count` micro-batches of an update move. A variable that was assigned moves by the mean of their
 * changes, all from the same start; other changes have the rows of all (see withWholeBatch). A refused micro-batch moves nothing.
 */
export function createBatchMoves(session: Session, count: number): BatchMoves {
  const scope = createScope(session, `${GATHERED}/moves`, 0);
  const bufferOf = createBuffers(scope);
  const moving = new Map<string, Move[]>();

  const assigned = (variable: Variable, value: Tensor, fresh: Tensor): Move => {
    const buffer = bufferOf(variable.name, variable.shape, variable.dtype);
    if (variable.dtype !== 'float32') {
      // There is no mean of whole numbers; all micro-batches started from the same.
      buffer.assign(value);
      return () => variable.assign(buffer.read());
    }
    // By changes, so that what was assigned its own value stays exactly as it is.
    const change = tf.sub(value, variable.read());
    buffer.assign(tf.add(change, tf.mul(buffer.read(), tf.sub(1, fresh))));
    return () => variable.assign(tf.add(variable.read(), tf.div(buffer.read(), count)));
  };

  const whole = (name: string, { rows, act }: BatchMove): Move => {
    const buffers = rows.map((part, i) => {
      const [height, ...width] = part.shape as number[];
      const buffer = bufferOf(`${name}/${i}`, [height * count, ...width], part.dtype as DType);
      // First in, first out: after the last micro-batch it holds the rows of all of them, and of no refused update.
      buffer.assign(tf.concat([tf.slice(buffer.read(), height, height * (count - 1)), part], 0));
      return buffer;
    });
    return () => act(buffers.map((buffer) => buffer.read()));
  };

  return {
    gather(kind, moves, fresh) {
      const assignments = takePending();
      moving.set(kind, [
        ...assignments.map(({ variable, value }) => assigned(variable, value, fresh)),
        ...moves.map((move, i) => whole(`${kind}/${i}`, move)),
      ]);
    },
    apply(kind) {
      const moves = moving.get(kind);
      if (!moves) throw new Error('an update was traced before its micro-batches');
      for (const move of moves) move();
    },
  };
}

/** Buffers by name, each created when a trace first asks for it. */
function createBuffers(scope: Scope) {
  const buffers = new Map<string, Variable>();
  return (name: string, shape: number[], dtype: DType): Variable => {
    const buffer = buffers.get(name) ?? scope.buffer(name, shape, 0, dtype);
    buffers.set(name, buffer);
    if (buffer.shape.join() === shape.join()) return buffer;
    throw new Error(`'${name}' is [${shape}] in a micro-batch, and was [${buffer.shape}] in an earlier one`);
  };
}
