import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';

const pins = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));

/** The checksums of files as they were when they were first fetched, by address: `models/first-seen.json` in the cache. */
export interface Pins {
  /** The checksum that a file has to have; undefined for one that was never fetched. */
  of(address: string): string | undefined;
  /** Notes the checksum of a file that was fetched for the first time. */
  add(address: string, sha256: string): void;
}

/** Opens the checksums that the cache holds. @throws UserError for a file that is none of voxloop's */
export function openPins(cache: string): Pins {
  const path = join(cache, 'models', 'first-seen.json');
  const read = (): Record<string, string> => {
    if (!existsSync(path)) return {};
    try {
      return pins.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      throw new UserError(
        `${path} does not hold checksums by address. Delete it to take what is fetched next as it is.`,
      );
    }
  };
  return {
    of: (address) => read()[address],
    add: (address, sha256) => writeFileAtomic(path, `${JSON.stringify({ ...read(), [address]: sha256 }, null, 2)}\n`),
  };
}
