import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from '../errors.js';
import { makeFolder } from './folder.js';
import { writeError } from './write-error.js';

const HEARTBEAT_MS = 3000;
const FIRST_POLL_MS = 10;
const LONGEST_POLL_MS = 50;
/** A claim is held for a moment only; an older one was left by a process that was killed meanwhile. */
const ABANDONED_CLAIM_MS = 10_000;

/** The content of a lock file, as JSON. */
interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the kernel's ticks: tells it from a later one with the same id. Null except on Linux. */
  started: string | null;
  /** Random, so that no two locks are equal. */
  mark: string;
}

/** Contents of the locks that this process holds. */
const held = new Set<string>();

/**
 * Takes the lock file `path`, making missing folders. Returns the function that gives it back, or undefined when another process
 * (or another part of this one) holds it. A lock whose process is gone from this host is taken over; a lock of another host, or one
 * that cannot be read, never is.
 * @throws UserError when the file cannot be written
 */
export function tryLock(path: string): (() => void) | undefined {
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid),
    mark: randomBytes(8).toString('hex'),
  };
  const text = `${JSON.stringify(owner)}\n`;
  makePlace(dirname(path));
  if (!take(path, text)) return undefined;
  held.add(text);
  return () => {
    if (readText(path) === text) rmSync(path, { force: true });
    held.delete(text);
  };
}

/** `process 4711 on myhost`, or `another process` where the lock file does not say. */
export function lockOwner(path: string): string {
  const owner = parseOwner(readText(path));
  return owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
}

/** True while a process holds the lock file; that of a process that is gone from this host does not count. */
export function isLocked(path: string): boolean {
  const text = readText(path);
  return text !== undefined && !isGone(text);
}

/** Options of waiting for a lock that another process holds. */
export interface LockWaiting {
  /** Called once, before the first wait, with the owner as `lockOwner` names it. */
  onWait?: (owner: string) => void;
  /** Ends the wait by throwing the signal's reason. */
  signal?: AbortSignal;
  /**
   * Takes over a lock without a heartbeat for so long, whatever its host. Only for work that leaves the event loop free, which the
   * heartbeat needs. Default: never.
   */
  abandonedAfterMs?: number;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/** Runs `work` while this process, and no other, holds the lock file `path`; waits until it is free. See `tryLock`. */
export async function withLock<T>(path: string, waiting: LockWaiting, work: () => Promise<T>): Promise<T> {
  const release = await waitForLock(path, waiting);
  const heartbeat = setInterval(() => touch(path), HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}

async function waitForLock(
  path: string,
  { onWait, signal, abandonedAfterMs = Number.POSITIVE_INFINITY, sleep = setTimeout }: LockWaiting,
): Promise<() => void> {
  let lastSign: string | undefined;
  let silentMs = 0;
  for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(2 * pollMs, LONGEST_POLL_MS)) {
    const release = tryLock(path);
    if (release) return release;
    signal?.throwIfAborted();
    const text = readText(path);
    const sign = `${text} ${modifiedMs(path)}`;
    if (lastSign === undefined) onWait?.(lockOwner(path));
    if (sign !== lastSign) silentMs = 0;
    lastSign = sign;
    if (text !== undefined && silentMs >= abandonedAfterMs && removeStale(path, text)) continue;
    await sleep(pollMs);
    // Not by the clock, which runs on while the machine is suspended.
    silentMs += pollMs;
  }
}

function take(path: string, text: string): boolean {
  if (create(path, text)) return true;
  const current = readText(path);
  if (current !== undefined && !(isGone(current) && removeStale(path, current))) return false;
  return create(path, text);
}

function makePlace(dir: string): void {
  try {
    makeFolder(dir);
  } catch (error) {
    throw writeError(dir, error);
  }
}

/**
 * False where the file exists. It appears with its content, under a second name of the same file: a lock that names no owner, as a process
 * that is killed between two calls would leave, would be respected for ever.
 */
function create(path: string, text: string): boolean {
  if (existsSync(path)) return false;
  const whole = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    writeFileSync(whole, text, { flag: 'wx' });
    addName(whole, path, text);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw writeError(path, error);
  } finally {
    rmSync(whole, { force: true });
  }
}

/** File systems without second names say one of these. */
const WITHOUT_LINKS = new Set<unknown>(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

function addName(whole: string, path: string, text: string): void {
  try {
    linkSync(whole, path);
  } catch (error) {
    if (!WITHOUT_LINKS.has(codeOf(error))) throw error;
    writeFileSync(path, text, { flag: 'wx' });
  }
}

/**
 * Removes the lock file if its content is still `dead`. Of several processes that see the same dead lock the one that holds the
 * claim does it, so that none removes the lock that another has just taken. False when another process is at it.
 */
function removeStale(path: string, dead: string): boolean {
  const claim = `${path}.stale`;
  if (!create(claim, '')) {
    if (Date.now() - modifiedMs(claim) > ABANDONED_CLAIM_MS) rmSync(claim, { force: true });
    return false;
  }
  try {
    if (readText(path) === dead) rmSync(path, { force: true });
    return true;
  } finally {
    rmSync(claim, { force: true });
  }
}

function isGone(text: string): boolean {
  const owner = parseOwner(text);
  if (owner?.host !== hostname()) return false;
  if (!isRunning(owner.pid) || isZombie(owner.pid)) return true;
  const started = startOf(owner.pid);
  // Without start times: our own id on a lock that we do not hold is that of an earlier process, as happens in containers.
  return started === null ? owner.pid === process.pid && !held.has(text) : owner.started !== started;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** True for a process that has ended, where its parent never asks how: as the first process of many containers does not. */
const isZombie = (pid: number): boolean => /^[ZX]/.test(statOf(pid)[0] ?? '');

/** The 22nd field of /proc/PID/stat. */
const startOf = (pid: number): string | null => statOf(pid)[19] ?? null;

/** The fields of /proc/PID/stat from the third, the state; the second, in brackets, may hold spaces. Empty except on Linux. */
function statOf(pid: number): string[] {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? '') as Partial<Owner> | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

const modifiedMs = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function touch(path: string): void {
  try {
    const now = new Date();
    utimesSync(path, now, now);
  } catch {
    // Taken over by another process, or the disk went away: the work itself will say so.
  }
}
