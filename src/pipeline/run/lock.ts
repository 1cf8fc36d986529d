import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { isLocked, lockOwner, tryLock } from '../../io/lock.js';

const lockPath = (dir: string): string => join(dir, 'lock');

/** True while a process runs in this directory. */
export const isRunning = (dir: string): boolean => isLocked(lockPath(dir));

/**
 * Takes the run directory for this process; returns the function that gives it back. The lock of a process that is gone is taken
 * over. `name` is that of the lock's file: a machine that only lends workers to a run has one of its own.
 * @throws UserError when another process holds it
 */
export function lockRun(dir: string, name = 'lock'): () => void {
  const path = join(dir, name);
  const release = tryLock(path);
  if (release) return release;
  throw new UserError(
    `${dir} is in use by ${lockOwner(path)}. Wait for it, or choose another --out; ` +
      `if no such run is going on, delete ${path}.`,
  );
}
