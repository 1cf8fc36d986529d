import { availableMemory, type MemoryBudget } from '../../engine/memory/available.js';
import type { MemoryPeak } from '../../engine/memory/memory-parts.js';
import { withSession } from '../../engine/session/with-session.js';
import type { StepSettings, TrainingSketch } from '../../plugin/stage.js';
import { largestPeak } from '../../train/check-memory.js';

/** The device that training would run on. */
export interface Place {
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
}

/** Settings of a step, and the type it computes in. */
export type Variant = StepSettings & { compute: 'float32' | 'bfloat16' };

/** The memory peak of a training step with these settings: its graph is built in a new session, and nothing is computed. */
export async function predictPeak(
  sketch: TrainingSketch,
  variant: Variant,
  { device, threads }: Place,
): Promise<MemoryPeak> {
  const run = { device, threads, seed: 0, name: 'plan', compute: variant.compute };
  return withSession(run, async (session) => largestPeak(await sketch.build(session, variant)));
}

/** The memory that a device has for tensors. */
export const deviceMemory = ({ device, threads }: Place): Promise<MemoryBudget> =>
  withSession({ device, threads, seed: 0, name: 'plan' }, async ({ devices }) => availableMemory(devices));
