import type { HostTensor } from '../../host-tensor.js';
import type { HostState, Stateful } from '../checkpoint.js';

/** The place of a step among the epochs of its run. */
export interface EpochEnd {
  /** Steps done. */
  done: number;
  /** Steps of the whole run. */
  steps: number;
  batchesPerEpoch: number;
}

/** The mean of a network's weights over the ends of the run's last epochs. */
export interface WeightAverage extends Stateful {
  /** Takes the weights in if one of the last epochs has just ended; epochs are counted back from the run's end. */
  note(end: EpochEnd): Promise<void>;
  /** The mean and the number of epochs in it; null before the first. */
  mean(): { count: number; weights: Record<string, HostTensor> } | null;
}

const WEIGHT = 'average/weights/';
const COUNT = 'average/count';

/**
 * A running mean over the last `epochs` ends, of weights and of the statistics of batch norm, as WeSpeaker averages its last ten
 * checkpoints. `read` reads the network's variables; those that are not float32 are the last ones.
 */
export function createWeightAverage(epochs: number, read: () => Promise<Record<string, HostTensor>>): WeightAverage {
  let count = 0;
  let mean: Record<string, HostTensor> = {};
  return {
    async note({ done, steps, batchesPerEpoch }) {
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
