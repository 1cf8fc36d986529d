import { posix } from 'node:path';
import { UserError } from '../../../errors.js';
import { readLines } from '../../../io/lines.js';

/** The folders that are heard in tests only. */
export interface TestFolders {
  /** True for a recording in one of them. @param path from the root of the collections */
  holds(path: string): boolean;
  /** The lines that have held no recording so far, `file:line: folder`; those below the folders that are not there are left out. */
  unused(missing: readonly string[]): string[];
}

/**
 * Reads folders that are heard in tests only: a path from the root of the collections on each line; `#` begins a comment.
 * @throws UserError when there is none, or for a path that leads nowhere below a root
 */
export function readTestFolders(file: string): TestFolders {
  const lineOf = new Map<string, number>();
  let number = 0;
  for (const line of readLines(file)) {
    number++;
    const path = line.replace(/(^|\s)#.*$/, '').trim();
    if (path === '') continue;
    const folder = posix.normalize(path).replace(/\/$/, '');
    if (folder === '.' || posix.isAbsolute(folder))
      throw new UserError(
        `${file}:${number}: expected a path from the root of the folders, such as libri/103, got "${path}".`,
      );
    if (!lineOf.has(folder)) lineOf.set(folder, number);
  }
  if (lineOf.size === 0) throw new UserError(`${file} names no folder. Write a path on each line, or leave it out.`);
  const used = new Set<string>();
  return {
    holds(path) {
      const folder = foldersOf(path).find((one) => lineOf.has(one));
      if (folder !== undefined) used.add(folder);
      return folder !== undefined;
    },
    unused: (missing) =>
      [...lineOf]
        .filter(([folder]) => !used.has(folder) && !foldersOf(folder).some((one) => missing.includes(one)))
        .map(([folder, line]) => `${file}:${line}: ${folder}`),
  };
}

/** The folders that a path leads through, the outermost first, and the path itself. */
export function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
}
