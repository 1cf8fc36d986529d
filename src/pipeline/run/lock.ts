import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, UserError } from '../../errors.js';
import { writeError } from '../../io/atomic.js';

interface Owner {
  pid: number;
  host: string;
  /** When the process started, in the kernel's ticks; tells it from a later one with the same id. Linux only. */
  started: string | null;
}

/**
 * Takes the run directory for this process; returns what gives it back. The lock of a process that is gone is taken over.
 * Throws a UserError when another process holds it.
 */
export function lockRun(dir: string): () => void {
  const path = join(dir, 'lock');
  const mine = `${JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid) } satisfies Owner)}\n`;
  makeFolder(dir);
  if (!create(path, mine)) {
    const found = readText(path);
    const owner = parseOwner(found);
    if (found !== undefined && (owner === undefined || isAlive(owner))) throw new UserError(inUse(dir, path, owner));
    removeStale(path, found);
    if (!create(path, mine)) throw new UserError(inUse(dir, path, parseOwner(readText(path))));
  }
  return () => {
    if (readText(path) === mine) rmSync(path, { force: true });
  };
}

function makeFolder(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw writeError(dir, error);
  }
}

function create(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw writeError(path, error);
  }
}

// Of two processes that see the same stale lock, one must not remove the lock that the other has just taken.
function removeStale(path: string, expected: string | undefined): void {
  const moved = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (readText(moved) === expected) rmSync(moved, { force: true });
  else renameSync(moved, path);
}

function isAlive({ pid, host, started }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
  return started === startOf(pid);
}

/** The 22nd field of /proc/PID/stat; the second, in brackets, may hold spaces. */
function startOf(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parseOwner(text: string | undefined): Owner | undefined {
  try {
    const owner = JSON.parse(text ?? '') as Partial<Owner> | null;
    return typeof owner?.pid === 'number' && typeof owner.host === 'string' ? (owner as Owner) : undefined;
  } catch {
    return undefined;
  }
}

function inUse(dir: string, path: string, owner: Owner | undefined): string {
  const who = owner ? `process ${owner.pid} on ${owner.host}` : 'another process';
  return `${dir} is in use by ${who}. Wait for it, or choose another --out; if no such run is going on, delete ${path}.`;
}
