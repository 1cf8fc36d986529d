import type { HostTensor } from '../../host-tensor.js';
import type { HostState } from '../checkpoint.js';

/** The mean of a network's weights over the ends of the run's last epochs. */
export interface WeightAverage {
  /** Takes the weights in after `done` of `steps`, when an epoch that counts has ended; epochs are counted back from the run's end. */
  note(done: number, steps: number): Promise<void>;
  /** Weights taken in, and their mean; null before the first. */
  mean(): { count: number; weights: Record<string, HostTensor> } | null;
  /** What the checkpoint must hold, and how to go on from it. */
  state(): HostState;
  restore(state: HostState): void;
}

const WEIGHT = 'average/weights/';
const COUNT = 'average/count';

/**
 * A running mean over the last `epochs` ends, of weights and of the statistics of batch norm, as WeSpeaker averages its last ten
 * checkpoints. `read` reads the network's variables; those that are not float32 are the last ones.
 */
export function createWeightAverage(
  epochs: number,
  batchesPerEpoch: number,
  read: () => Promise<Record<string, HostTensor>>,
): WeightAverage {
  let count = 0;
  let mean: Record<string, HostTensor> = {};
  return {
    async note(done, steps) {
      const left = steps - done;
      if (left % batchesPerEpoch !== 0 || left / batchesPerEpoch >= epochs) return;
      const weights = await read();
      count++;
      mean = Object.fromEntries(
        Object.entries(weights).map(([name, value]) => [
          name,
          count === 1 ? value : blend(mean[name], value, 1 / count),
        ]),
      );
    },
    mean: () => (count > 0 ? { count, weights: mean } : null),
    state(): HostState {
      if (count === 0) return {};
      const weights = Object.entries(mean).map(([name, value]) => [WEIGHT + name, value]);
      return { [COUNT]: { dtype: 'int32', shape: [1], data: Int32Array.of(count) }, ...Object.fromEntries(weights) };
    },
    restore(state) {
      count = state[COUNT] ? (state[COUNT].data as Int32Array)[0] : 0;
      const kept = Object.entries(state).filter(([name]) => name.startsWith(WEIGHT));
      mean = Object.fromEntries(kept.map(([name, value]) => [name.slice(WEIGHT.length), value]));
    },
  };
}

/** mean + (value - mean) * share */
function blend(mean: HostTensor, value: HostTensor, share: number): HostTensor {
  if (value.dtype !== 'float32') return value;
  const [before, now] = [mean.data as Float32Array, value.data as Float32Array];
  return { ...value, data: before.map((x, i) => x + (now[i] - x) * share) };
}
