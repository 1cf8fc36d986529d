import { withLock } from '../io/lock.js';

/**
 * Runs `work` while this process, and no other, holds the lock file `path` of a folder. Waits for another holder, and says so; the
 * lock of a killed process is taken over.
 */
export function withFolderLock<T>(
  path: string,
  { log, signal }: { log?: (message: string) => void; signal?: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const onWait = (owner: string) =>
    log?.(`Waiting for ${owner}, which holds ${path} (delete that file if that process is not running).`);
  return withLock(path, { onWait, signal }, work);
}
