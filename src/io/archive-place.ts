import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

/** The place of a recording in a Kaldi archive: `wav.ark:123`, as a wav.scp names it. */
export interface ArchivePlace {
  archive: string;
  /** Byte of the archive at which the recording begins. */
  offset: number;
}

const PLACE = /^(.+):(\d{1,15})$/;

/** The archive and offset that a path names; undefined for a path without an offset, and where a file has that very name. */
export function archivePlace(path: string): ArchivePlace | undefined {
  const [, archive, offset] = PLACE.exec(path) ?? [];
  return archive === undefined || existsSync(path) ? undefined : { archive, offset: Number(offset) };
}

/** The file on disk that holds the sound of a path: the archive for a place in one. */
export const fileOfSound = (path: string): string => archivePlace(path)?.archive ?? path;

/** The place of a file that a list names: below `root`, or where an absolute path says. */
export const pathBelow = (root: string, name: string): string => (isAbsolute(name) ? name : join(root, name));
