import type { CropPlan } from '../../data/crops/crops.js';
import type { CropArrays } from '../../train/pretrainer.js';

/** Crops of silence in the place of a loader's: the shapes of a batch are known before its data. */
export function silentCrops({ count, samples }: CropPlan, batchSize: number): CropArrays {
  return {
    global: new Int16Array(count.global * batchSize * samples.global),
    local: count.local > 0 ? new Int16Array(count.local * batchSize * samples.local) : null,
  };
}
