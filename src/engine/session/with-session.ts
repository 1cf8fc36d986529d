import { messageOf } from '../../errors.js';
import { hash32 } from '../../random.js';
import { locateLibrary } from '../library/locate.js';
import { openSession, type Session } from './session.js';

/** Where a piece of work runs, and what its random draws start from. */
export interface SessionRequest {
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  seed: number;
  /** Joins the seed: pieces of work of different names draw different numbers. */
  name: string;
  compute?: 'float32' | 'bfloat16';
}

/** Opens a session seeded for one piece of work, and closes it whatever happens. */
export async function withSession<T>(request: SessionRequest, act: (session: Session) => Promise<T>): Promise<T> {
  const { device, threads, seed, name, compute } = request;
  const session = openSession({ device, threads, compute, seed: hash32(`${seed}/${name}`) });
  try {
    return await act(session);
  } finally {
    await session.close();
  }
}

/** A stage's check: reports before the run starts that the TensorFlow library is missing. */
export function checkLibrary({ device }: Pick<SessionRequest, 'device'>): string[] {
  try {
    locateLibrary(device === 'gpu' ? { gpu: true } : {});
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}
