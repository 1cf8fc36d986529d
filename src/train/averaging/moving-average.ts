import type { Session } from '../../engine/session/session.js';
import { type Tensor, tf } from '../../engine/tf.js';
import type { HostTensor } from '../../host-tensor.js';
import { createScope, type Scope } from '../../nn/scope.js';
import { updateEma } from '../../optim/ema.js';

/** The exponential mean of weights and running statistics over the steps of a training; it lives in the graph and its checkpoints. */
export interface MovingAverage {
  /** While tracing, after the weights have moved: takes them in; `step` (from 0) is a scalar. */
  update(step: Tensor): void;
  /** The mean of each variable by the variable's name, once a step was done; variables that are not float32 have their current values. */
  read(): Promise<Record<string, HostTensor>>;
}

/**
 * Averages all variables of `scopes` by mean <- d * mean + (1 - d) * value with d = min(decay, (1 + step) / (10 + step)), from the
 * values after the first step: the weights of the first steps, hardly trained, soon count for nothing.
 */
export function createMovingAverage(session: Session, scopes: readonly Scope[], decay: number): MovingAverage {
  const variables = scopes.flatMap((averaged) => [...averaged.params(), ...averaged.buffers()]);
  const scope = createScope(session, 'average', 0);
  const floats = variables.filter(({ dtype }) => dtype === 'float32');
  const means = floats.map(({ name, shape }) => scope.buffer(name, shape, 0));
  return {
    update(step) {
      const warming = tf.div(tf.add(step, 1), tf.add(step, 10));
      // Before the first step there is no mean: the weights as they are then stand for it.
      const momentum = tf.where(tf.greater(step, 0), tf.minimum(decay, warming), tf.scalar(0));
      updateEma(means, floats, momentum);
    },
    async read() {
      const values = await session.save(variables.map(({ name }) => name));
      const averaged = await session.save(means.map(({ name }) => name));
      floats.forEach(({ name }, i) => {
        values[name] = averaged[means[i].name];
      });
      return values;
    },
  };
}
