import { createHash, type Hash } from 'node:crypto';
import { type Dirent, existsSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileOfSound } from '../../io/archive-place.js';
import { readLines } from '../../io/lines.js';

/**
 * A hash of files by their paths, sizes and modification times: it changes when one of them does. Folders count with every file below
 * them (links to folders are not followed); a file that cannot be examined counts as missing.
 * @returns undefined where one of the paths is not there (any more)
 */
export function sourceStamp(paths: readonly string[]): string | undefined {
  if (!paths.every(existsSync)) return undefined;
  const hash = createHash('sha256');
  for (const path of paths) {
    const real = realpathSync(path);
    if (statSync(real).isDirectory()) stampFolder(hash, real);
    else stampFile(hash, real);
  }
  return hash.digest('hex');
}

/** `sourceStamp` of the files that a list names on its lines, and of the list. @param sound the file of a line; undefined for none */
export function listStamp(list: string, sound: (line: string) => string | undefined): string | undefined {
  if (!existsSync(list)) return undefined;
  const hash = createHash('sha256');
  stampFile(hash, resolve(list));
  for (const line of readLines(list, 'keep')) {
    const file = sound(line.trim());
    if (file !== undefined) stampFile(hash, file);
  }
  return hash.digest('hex');
}

/** The file that holds the sound of a line of wav.scp, looked up as Kaldi does; undefined for commands. */
export function wavScpSound(line: string, dir: string): string | undefined {
  const [, place] = /^\S+\s+(.*)$/s.exec(line) ?? [];
  return place === undefined || place.endsWith('|') ? undefined : fileOfSound(besideList(place, dir));
}

/** A path of a table: from the current folder where it is there, as Kaldi has it, else from the table's folder. */
export const besideList = (path: string, dir: string): string =>
  isAbsolute(path) || existsSync(fileOfSound(path)) ? path : join(dir, path);

function stampFolder(hash: Hash, folder: string): void {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) stampFolder(hash, path);
    else stampFile(hash, path);
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

function stampFile(hash: Hash, path: string): void {
  const stats = statusOf(path);
  hash.update(`${path}\t${stats ? `${stats.size}\t${Math.round(stats.mtimeMs)}` : 'missing'}\n`);
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
