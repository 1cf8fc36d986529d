import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The content of `library.json`, the record of an installed library. It is written last: without it nothing is installed. */
export interface LibraryRecord {
  version: string;
  platform: string;
  gpu: boolean;
  wheels: { file: string; sha256: string }[];
  /** Every unpacked file, relative to the folder. */
  files: { path: string; bytes: number }[];
}

export const RECORD_FILE = 'library.json';

/** Name of the folder of one library in the cache, such as `2.21.0-linux-x64-cpu`. */
export function libraryKey(version: string, platform: string, gpu: boolean): string {
  return `${version}-${platform}-${gpu ? 'gpu' : 'cpu'}`;
}

/**
 * The record of the library installed in `folder`, or null when there is none, or when a file of it is gone or has
 * another size. Contents are not read: checksums are checked once, before installation.
 */
export function readInstalled(folder: string): LibraryRecord | null {
  try {
    const record = JSON.parse(readFileSync(join(folder, RECORD_FILE), 'utf8')) as LibraryRecord;
    const whole = record.files.every(({ path, bytes }) => statSync(join(folder, path)).size === bytes);
    return whole && record.files.length > 0 ? record : null;
  } catch {
    return null;
  }
}
