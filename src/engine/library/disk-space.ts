import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, UserError } from '../../errors.js';
import { writeError } from '../../io/write-error.js';

/** Bytes that this user may still write where `folder` is or will be, or null when the system does not say. */
export function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    return codeOf(error) === 'ENOENT' && parent !== folder ? freeBytes(parent) : null;
  }
}

/** Free bytes of a folder, or null when unknown; tests pass their own. */
export type FreeBytes = (folder: string) => number | null;

/** Throws a UserError when `folder` cannot take `needed` more bytes. */
export function requireSpace(folder: string, needed: number, free: FreeBytes = freeBytes): void {
  const available = free(folder);
  if (available !== null && available < needed) throw diskFull(folder, needed, available);
}

/** Turns a failed write below `folder` into a UserError; a full disk with the bytes needed and free. */
export function storageError(folder: string, needed: number, error: unknown, free: FreeBytes = freeBytes): unknown {
  const full = codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT';
  return full ? diskFull(folder, needed, free(folder)) : writeError(folder, error);
}

function diskFull(folder: string, needed: number, available: number | null): UserError {
  const left = available === null ? '' : `, ${inMegabytes(available)} free`;
  return new UserError(
    `The disk of ${folder} is too full: ${inMegabytes(needed)} needed${left}. ` +
      'Free some space, or set VOXLOOP_CACHE to a folder on another disk, and run the command again.',
  );
}

/** `274 MB`; decimal megabytes, as download pages count. */
export function inMegabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
