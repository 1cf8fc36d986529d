import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import type { BuildOptions } from './build-options.js';

const STAMP = 'building.json';

/** Keeps what an interrupted build of the same corpus has written to the folder, and nothing else. */
export function resumeFolder(partial: string, identity: string, { log }: BuildOptions): void {
  const stamp = join(partial, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === identity) {
    removeTemporary(partial);
    log?.('Going on with an interrupted build.');
    return;
  }
  rmSync(partial, { recursive: true, force: true });
  writeFileAtomic(stamp, identity);
}

/** Removes what an interrupted write left behind; holds the names of one folder at a time. */
function removeTemporary(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeTemporary(path);
    else if (entry.name.endsWith('.tmp')) rmSync(path);
  }
}

/** The build is whole: the mark of an interrupted one goes. */
export const endResume = (partial: string): void => rmSync(join(partial, STAMP));
