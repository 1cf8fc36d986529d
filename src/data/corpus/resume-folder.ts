import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import type { BuildOptions } from './build-options.js';

const STAMP = 'building.json';

/** Keeps what an interrupted build of the same corpus wrote to the folder; empties a folder of any other build. */
export function resumeFolder(partial: string, identity: string, { log }: BuildOptions): void {
  const stamp = join(partial, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === identity) {
    removeTemporary(partial);
    log?.('Resuming an interrupted build.');
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

/** Removes the mark of an interrupted build, once the build is complete. */
export const endResume = (partial: string): void => rmSync(join(partial, STAMP));
