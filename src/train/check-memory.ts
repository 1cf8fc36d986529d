import { type CropPlan, rowValues } from '../data/crops/crops.js';
import type { Batch } from '../data/crops/loader.js';
import { availableMemory } from '../engine/memory/available.js';
import { describeParts } from '../engine/memory/describe-parts.js';
import type { MemoryPeak } from '../engine/memory/memory-parts.js';
import { OutOfMemoryError, SAVERS } from '../engine/memory/out-of-memory.js';
import type { Session } from '../engine/session/session.js';
import { formatByteSize } from '../io/byte-size.js';
import type { CompiledCall } from './step/training-step.js';

/** Crops of silence, or of zeros for stored features, in place of a loader's, to predict a step's memory before there is data. */
export function silentCrops(plan: CropPlan, batchSize: number): Pick<Batch, 'global' | 'local'> {
  const { count, samples, stored } = plan;
  const rows = (crops: number, length: number) => {
    const values = crops * batchSize * rowValues(plan, length);
    return stored ? new Float32Array(values) : new Int16Array(values);
  };
  return {
    global: rows(count.global, samples.global),
    local: count.local > 0 ? rows(count.local, samples.local) : null,
  };
}

/** The largest peak among the calls of one update. */
export const largestPeak = (calls: readonly CompiledCall[]): MemoryPeak =>
  calls
    .map(({ compiled, inputs }) => compiled.predict(inputs))
    .reduce((largest, peak) => (peak.peakBytes > largest.peakBytes ? peak : largest));

/**
 * Logs the memory that a training step needs, before the first one; throws OutOfMemoryError when there is less. `memoryBytes` is the
 * user's limit; without it, the device's memory is.
 */
export function checkMemory(
  session: Session,
  calls: readonly CompiledCall[],
  { memoryBytes, log }: { memoryBytes?: number; log(line: string): void },
): void {
  const { peakBytes, parts } = largestPeak(calls);
  const { bytes: whole, source } =
    memoryBytes === undefined
      ? availableMemory(session.devices)
      : { bytes: memoryBytes, source: "the config's `memory`" };
  // Each worker of a machine, or of a GPU, has its part of it.
  const bytes = Math.floor(whole / (session.workers?.sharing ?? 1));
  const need = `${formatByteSize(peakBytes)} of ${formatByteSize(bytes)} (${source})`;
  if (peakBytes <= bytes) {
    log(`memory: a step needs ${need}`);
    return;
  }
  throw new OutOfMemoryError(
    `A training step would need ${need} at its peak: ${describeParts(parts)}. ${SAVERS}. ` +
      'If more memory is there than that, say so: `memory: 11GiB` in the config.',
  );
}
