import { z } from 'zod';
import type { Session } from '../../engine/session/session.js';
import type { HostTensor } from '../../host-tensor.js';
import type { Scope } from '../../nn/scope.js';
import type { MovingAverage } from '../../train/averaging/moving-average.js';
import { createWeightAverage } from '../../train/averaging/weight-average.js';
import type { HostState } from '../../train/checkpoint.js';

/** The option `average` of stages that train. */
export const averageOptions = z
  .union([z.number().int().positive(), z.strictObject({ decay: z.number().gt(0).lt(1) })])
  .default(1)
  .describe(
    'the result is the mean of its weights and running statistics at the ends of so many last epochs; {decay: 0.999}: their ' +
      'exponential mean over all steps',
  );
type AverageOptions = z.output<typeof averageOptions>;

/** The mean of weights that a training leaves behind. */
export interface Averaging {
  /** Told after `done` of `steps`. */
  note(done: number, steps: number): Promise<void>;
  /** The mean by names of variables, and the epochs it is taken over where it is over their ends; null where nothing was done. */
  result(): Promise<{ weights: Record<string, HostTensor>; epochs?: number } | null>;
  state(): HostState;
  restore(state: HostState): void;
}

/** The decay of an exponential mean, which the training step itself keeps; undefined where it is none. */
export const averageDecay = (average: AverageOptions): number | undefined =>
  typeof average === 'number' ? undefined : average.decay;

/** Opens the mean of all variables of `scopes`: `moving`, or the one over the ends of epochs. Null where the last weights are the result. */
export function openAveraging(
  session: Session,
  scopes: readonly Scope[],
  { average, batchesPerEpoch, moving }: { average: AverageOptions; batchesPerEpoch: number; moving?: MovingAverage },
): Averaging | null {
  if (moving) {
    let steps = 0;
    return {
      note: async (done) => {
        steps = done;
      },
      result: async () => (steps > 0 ? { weights: await moving.read() } : null),
      state: () => ({}),
      restore: () => {},
    };
  }
  if (average === 1 || typeof average !== 'number') return null;
  const names = scopes.flatMap((scope) => [...scope.params(), ...scope.buffers()]).map(({ name }) => name);
  const ends = createWeightAverage(average, batchesPerEpoch, () => session.save(names));
  return {
    note: ends.note,
    result: async () => {
      const mean = ends.mean();
      return mean && { weights: mean.weights, epochs: mean.count };
    },
    state: ends.state,
    restore: ends.restore,
  };
}
