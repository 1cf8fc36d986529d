import { messageOf } from '../../errors.js';
import { hash32 } from '../../random.js';
import { locateLibrary } from '../library/locate.js';
import type { WorkerGroup } from '../workers/group.js';
import { openSession, type Session } from './session.js';

/** Where a piece of work runs, and what its random draws start from. */
export interface SessionRequest {
  device: 'auto' | 'cpu' | 'gpu';
  threads: number;
  seed: number;
  /** Joins the seed: pieces of work of different names draw different numbers. */
  name: string;
  compute?: 'float32' | 'bfloat16';
  /** Let a GPU compute in TF32. Default false. */
  tf32?: boolean;
  /** The processes that work together, each on a part of every batch. Default: this one alone. */
  group?: WorkerGroup;
}

/** Opens a session seeded for one piece of work, and closes it whatever happens. */
export async function withSession<T>(request: SessionRequest, act: (session: Session) => Promise<T>): Promise<T> {
  const { device, threads, seed, name, compute, tf32, group } = request;
  const session = openSession({ device, threads, compute, tf32, seed: hash32(`${seed}/${name}`), workers: group });
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
