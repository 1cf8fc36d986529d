import { availableMemory, type MemoryBudget } from '../../engine/memory/available.js';
import type { MemoryPeak } from '../../engine/memory/memory-parts.js';
import type { StepSettings, TrainingSketch } from '../../plugin/stage.js';
import { withSession } from '../../stages/training/with-session.js';
import { largestPeak } from '../../train/check-memory.js';

/** Where training would run. */
export interface Place {
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
}

/** Settings of a step, and the type it computes in. */
export type Variant = StepSettings & { compute: 'float32' | 'bfloat16' };

/** The peak of a training step with these settings. Its graph is built in a session of its own, and nothing is computed. */
export async function foresee(
  sketch: TrainingSketch,
  variant: Variant,
  { device, threads }: Place,
): Promise<MemoryPeak> {
  const run = { device, threads, seed: 0, name: 'plan', compute: variant.compute };
  return withSession(run, async (session) => largestPeak(await sketch.build(session, variant)));
}

/** What a device has for tensors. */
export const memoryOf = ({ device, threads }: Place): Promise<MemoryBudget> =>
  withSession({ device, threads, seed: 0, name: 'plan' }, async ({ devices }) => availableMemory(devices));
