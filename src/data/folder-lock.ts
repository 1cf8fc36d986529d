import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../errors.js';
import { writeError } from '../io/atomic.js';

const FIRST_POLL_MS = 10;
const LAST_POLL_MS = 50;
const held = new Set<string>();

/**
 * Runs `body` while this process, and no other, holds the lock file `path`; waits for one that does. A lock whose
 * process was killed is taken over. The lock is a symbolic link naming its owner: made in one step, content and all.
 */
export async function withLock<T>(
  path: string,
  options: { log?: (message: string) => void; signal?: AbortSignal },
  body: () => Promise<T>,
): Promise<T> {
  makeFolder(dirname(path));
  let told = false;
  let pollMs = FIRST_POLL_MS;
  while (!tryLock(path)) {
    options.signal?.throwIfAborted();
    if (removeIfStale(path)) continue;
    if (!told)
      options.log?.(`Waiting for ${ownerOf(path)}, which holds ${path} (delete that file if it does not run).`);
    told = true;
    await sleep(pollMs);
    pollMs = Math.min(2 * pollMs, LAST_POLL_MS);
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
    held.delete(path);
  }
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw writeError(dir, error);
  }
}

function tryLock(path: string): boolean {
  if (held.has(path)) return false;
  try {
    symlinkSync(`process ${process.pid} on ${hostname()}`, path);
    held.add(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw writeError(path, error);
  }
}

function ownerOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return 'another process';
  }
}

// Of several processes that see the same stale lock, one removes it: the one that holds the claim. It looks again, as another one
// may have been quicker and hold a lock by now.
function removeIfStale(path: string): boolean {
  if (held.has(path) || !isStale(ownerOf(path))) return false;
  const claim = `${path}.stale`;
  if (!tryLock(claim)) return false;
  try {
    if (isStale(ownerOf(path))) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(claim, { force: true });
    held.delete(claim);
  }
}

function isStale(lock: string): boolean {
  const owner = /^process (\d+) on (.*)$/.exec(lock);
  return owner !== null && owner[2] === hostname() && !isRunning(Number(owner[1]));
}

function isRunning(pid: number): boolean {
  // Our own number on a lock we do not hold: an earlier process had it, as happens in containers.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
