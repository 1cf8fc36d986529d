import type { ExecutionContext } from 'ava';
import type { Session } from '../../../src/engine/session/session.js';
import type { CompiledCall } from '../../../src/train/step/training-step.js';
import type { Copy } from './placement.js';
import { placementOf } from './run-places.js';

/** Of the finite check: the host decides whether the updates happen, and waits for the gradients once. */
const isFiniteCheck = ({ kind, into }: Copy): boolean => kind === 'to-host' && into.join() === 'Assert';

/** For these the GPU need not wait: whole numbers that are the same in every run, and what is drawn on the host on purpose. */
const isUpload = ({ kind, constant, meant }: Copy): boolean => kind === 'to-device' && (constant || meant);

/** `kind phase/Type -> users`, without what differs from graph to graph. */
const inWords = ({ kind, from, into }: Copy): string => `${kind} ${from.replace(/_\d+$/, '')} -> ${into.join(', ')}`;

/**
 * Asserts that a GPU has a kernel for every operation of an update's calls, but for those that run on the host by their own choice, and that
 * nothing is copied in the midst of them beside what the finite check decides by and what goes to the device without a wait.
 */
export async function staysOnGpu(t: ExecutionContext, session: Session, calls: readonly CompiledCall[]): Promise<void> {
  for (const { compiled, inputs } of calls) {
    const { missing, copies } = await placementOf(session, compiled, inputs);
    t.deepEqual(missing, []);
    t.true([0, 2].includes(copies.filter(isFiniteCheck).length), 'one finite check, of two values');
    t.deepEqual(copies.filter((copy) => !isFiniteCheck(copy) && !isUpload(copy)).map(inWords), []);
  }
}
