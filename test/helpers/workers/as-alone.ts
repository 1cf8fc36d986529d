import type { ExecutionContext } from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import type { WorkerGroup } from '../../../src/engine/workers/group.js';
import type { HostTensor } from '../../../src/host-tensor.js';
import { withSession } from '../session.js';
import { inEveryWorker } from './in-process.js';
import { farthest } from './speaker-batch.js';

/** What a training leaves: scalars of every step, and all variables. */
export interface Trained {
  steps: Record<string, number>[];
  after: Record<string, HostTensor>;
}

/** Rounding: a sum over workers is not added up in the order of one process. */
const NEAR = 1e-5;

/**
 * Trains in all workers and in one process: the workers hold the same bits, and every scalar of every step is that of one process within 1e-5 of
 * the larger of it and 1, every variable within 1e-4.
 */
export async function trainsAsAlone(
  t: ExecutionContext,
  groups: readonly WorkerGroup[],
  train: (session: Session) => Promise<Trained>,
): Promise<Trained> {
  const [first, ...others] = await inEveryWorker(groups, train);
  for (const other of others) t.deepEqual(other, first, 'the workers hold the same bits');
  const alone = await withSession(train, { threads: 1 });
  first.steps.forEach((scalars, step) => {
    for (const [name, value] of Object.entries(scalars)) {
      const single = alone.steps[step][name];
      const far = Math.abs(value - single) / Math.max(1, Math.abs(single));
      t.true(far < NEAR, `${name} of step ${step}: ${value}, alone ${single}`);
    }
  });
  const { variable, distance } = farthest(first.after, alone.after);
  t.true(distance < 10 * NEAR, `${variable} differs by ${distance}`);
  return alone;
}
