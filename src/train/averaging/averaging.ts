import { z } from 'zod';
import type { Session } from '../../engine/session/session.js';
import type { Tensor } from '../../engine/tf.js';
import type { HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import type { Stateful } from '../checkpoint.js';
import { createMovingAverage } from './moving-average.js';
import { createWeightAverage, type EpochEnd } from './weight-average.js';

/** The option `average` of stages that train. */
export const averageOptions = z
  .union([z.number().int().positive(), z.strictObject({ decay: z.number().gt(0).lt(1) })])
  .default(1)
  .describe(
    'the result is the mean of the weights and running statistics at the ends of the last n epochs; {decay: 0.999}: their ' +
      'exponential mean over all steps',
  );
export type AverageOptions = z.output<typeof averageOptions>;

/** The mean of weights that a training results in. */
export interface Averaging {
  /** While tracing, at the end of an update: takes the weights into a moving average; `step` (from 0) is a scalar. */
  update?(step: Tensor): void;
  /** To be called after every step. */
  note(end: EpochEnd): Promise<void>;
  /**
   * The mean by names of variables after a run of `steps`, and the number of epochs averaged where it is taken over their ends; null
   * where the last weights are the result.
   */
  result(steps: number): Promise<{ weights: Record<string, HostTensor>; epochs?: number } | null>;
  /** State outside the graph. */
  states: readonly Stateful[];
}

/** Creates the mean of all variables of `scopes`. */
export function createAveraging(session: Session, scopes: readonly Scope[], average: AverageOptions = 1): Averaging {
  if (typeof average !== 'number') return movingAverage(session, scopes, average.decay);
  if (average === 1) return { note: async () => {}, result: async () => null, states: [] };
  const names = scopes.flatMap((scope) => [...scope.params(), ...scope.buffers()]).map(({ name }) => name);
  const ends = createWeightAverage(average, () => session.save(names));
  return {
    note: ends.note,
    async result() {
      const mean = ends.mean();
      return mean && { weights: mean.weights, epochs: mean.count };
    },
    states: [ends],
  };
}

/** Lives in the graph, so that nothing beside the session's variables has to be saved. */
function movingAverage(session: Session, scopes: readonly Scope[], decay: number): Averaging {
  const { update, read } = createMovingAverage(session, scopes, decay);
  return {
    update,
    note: async () => {},
    result: async (steps) => (steps > 0 ? { weights: await read() } : null),
    states: [],
  };
}
