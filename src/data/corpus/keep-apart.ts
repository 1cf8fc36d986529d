import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UserError } from '../../errors.js';

/** Throws a UserError where the corpus would lie among its own sources, or they in a folder that it replaces. */
export function keepApart(out: string, root: string): void {
  const target = realPath(resolve(out));
  const isInside = (inner: string, outer: string) => !/^\.\.(?:[\\/]|$)/.test(relative(outer, inner));
  if (isInside(target, root)) {
    throw new UserError(`${out} lies in ${root}: it would be taken for recordings. Choose another --out folder.`);
  }
  if (isInside(root, target)) {
    throw new UserError(
      `The recordings in ${root} lie in ${out}, which would be replaced. Choose another --out folder.`,
    );
  }
}

/** The path with the links in it followed, as far as it exists. */
function realPath(path: string): string {
  if (existsSync(path) || dirname(path) === path) return realpathSync(path);
  return join(realPath(dirname(path)), basename(path));
}
