import { locateLibrary } from '../../engine/library/locate.js';
import { openSession, type Session } from '../../engine/session/session.js';
import { messageOf } from '../../errors.js';
import type { CheckContext } from '../../plugin/stage.js';
import { hash32 } from '../../random.js';

/** Opens a session on the run's device, seeded for one stage, and closes it whatever happens. */
export async function withSession<T>(
  context: Pick<CheckContext, 'device' | 'threads' | 'seed'> & { name: string; compute?: 'float32' | 'bfloat16' },
  act: (session: Session) => Promise<T>,
): Promise<T> {
  const { device, threads, seed, name, compute } = context;
  const session = openSession({ device, threads, compute, seed: hash32(`${seed}/${name}`) });
  try {
    return await act(session);
  } finally {
    await session.close();
  }
}

/** A stage's check: the fault of a missing TensorFlow library, before the run starts. */
export function checkLibrary({ device }: CheckContext): string[] {
  try {
    locateLibrary(device === 'gpu' ? { gpu: true } : {});
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
