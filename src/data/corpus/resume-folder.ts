import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import { removeTemporary } from '../../io/remove-temporary.js';
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

/** Removes the mark of an interrupted build, once the build is complete. */
export const endResume = (partial: string): void => rmSync(join(partial, STAMP));
