import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** As outputs are named until they are whole. */
const TEMPORARY = /\.[0-9a-f]{8}\.tmp$/;

/**
 * Removes what interrupted writes have left in a folder, where nobody writes any more, and in so many levels of folders below it; holds the
 * names of one folder at a time.
 */
export function removeTemporary(folder: string, levels = Number.POSITIVE_INFINITY): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (levels > 0) removeTemporary(path, levels - 1);
    } else if (TEMPORARY.test(entry.name)) rmSync(path, { force: true });
  }
}
