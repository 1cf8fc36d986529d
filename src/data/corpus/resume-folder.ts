import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import type { BuildOptions } from './build-options.js';

const STAMP = 'building.json';

/** Keeps what an interrupted build of the same corpus has written to the folder, and nothing else. */
export function resumeFolder(partial: string, identity: string, { log }: BuildOptions): void {
  const stamp = join(partial, STAMP);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === identity) {
    const names = readdirSync(partial, { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((one) => one.endsWith('.tmp'))) rmSync(join(partial, name));
    log?.('Going on with an interrupted build.');
    return;
  }
  rmSync(partial, { recursive: true, force: true });
  writeFileAtomic(stamp, identity);
}

/** The build is whole: the mark of an interrupted one goes. */
export const endResume = (partial: string): void => rmSync(join(partial, STAMP));
