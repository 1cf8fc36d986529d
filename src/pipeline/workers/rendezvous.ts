import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';

const POLL_MS = 200;

/** The attempt of a run that several supervisors begin together. */
export interface Meeting {
  /** True when another supervisor has begun a later one. */
  outdated(): boolean;
}

/**
 * Meets the supervisors of other machines in the run's folder, which all of them see: returns when the workers of every rank are about to
 * start, none of them from an attempt before. A worker that starts beside one that was not yet ended would hear that its collectives were
 * ended.
 */
export async function meet(
  dir: string,
  {
    ranks,
    count,
    signal,
    say,
  }: { ranks: readonly number[]; count: number; signal: AbortSignal; say(line: string): void },
): Promise<Meeting> {
  const folder = join(dir, 'workers');
  makeFolder(folder);
  const latest = attempts(folder).at(-1);
  let attempt = latest !== undefined && !here(folder, latest).includes(ranks[0]) ? latest : (latest ?? -1) + 1;
  come(folder, attempt, ranks);
  let told = false;
  for (let missing = count; missing > 0; ) {
    const newest = attempts(folder).at(-1)!;
    if (newest > attempt) {
      attempt = newest;
      come(folder, attempt, ranks);
    }
    const present = here(folder, attempt);
    missing = count - present.length;
    if (missing > 0 && !told) say(`waiting for the workers of other machines: ${missing} of ${count} are missing`);
    told = true;
    if (missing > 0) await setTimeout(POLL_MS, undefined, { signal });
  }
  for (const old of attempts(folder))
    if (old < attempt) rmSync(join(folder, String(old)), { recursive: true, force: true });
  return { outdated: () => attempts(folder).at(-1)! > attempt };
}

/** Numbers of the attempts so far, in order. */
const attempts = (folder: string): number[] =>
  readdirSync(folder)
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => a - b);

/** Ranks that have come to an attempt. */
function here(folder: string, attempt: number): number[] {
  try {
    return readdirSync(join(folder, String(attempt)))
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function come(folder: string, attempt: number, ranks: readonly number[]): void {
  makeFolder(join(folder, String(attempt)));
  for (const rank of ranks) writeFileAtomic(join(folder, String(attempt), String(rank)), '');
}
