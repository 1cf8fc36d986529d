import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../../../errors.js';

/** VoxCeleb1's trial lists by the file names of their distribution: O, E and H, as first published and cleaned. */
const OFFICIAL: Record<string, string> = {
  'veri_test.txt': 'vox1-o-original',
  'veri_test2.txt': 'vox1-o',
  'list_test_all.txt': 'vox1-e-original',
  'list_test_all2.txt': 'vox1-e',
  'list_test_hard.txt': 'vox1-h-original',
  'list_test_hard2.txt': 'vox1-h',
};

/** The official lists to use where none is named: the cleaned ones, by letter. */
const CLEANED = { o: 'veri_test2.txt', e: 'list_test_all2.txt', h: 'list_test_hard2.txt' } as const;

/** A trial list's file and the name that it gets in a corpus. */
export interface ListFile {
  name: string;
  path: string;
}

/** The name of a list: `vox1-o` and so on for the official files, else the file's own without its extension. */
export const listName = (path: string): string => OFFICIAL[basename(path)] ?? basename(path).replace(/\.[^.]+$/, '');

/**
 * The lists that were asked for, or the cleaned official ones of these letters that lie in a folder, its `meta` or `trials` folder,
 * or the folder above.
 * @throws UserError for two lists of one name, or one that is not there
 */
export function findLists(
  asked: readonly string[] | undefined,
  root: string,
  letters: readonly (keyof typeof CLEANED)[],
): ListFile[] {
  const paths = asked ?? letters.flatMap((letter) => findBeside(root, CLEANED[letter]) ?? []);
  const lists = paths.map((path) => ({ name: listName(path), path }));
  for (const [i, { name, path }] of lists.entries()) {
    if (!existsSync(path)) throw new UserError(`The trial list ${path} does not exist. Check the path.`);
    if (!/^[\w.-]+$/.test(name))
      throw new UserError(`${path}: a list's file is named with letters, digits, '.', '_' and '-' only.`);
    const twin = lists.findIndex((other) => other.name === name);
    if (twin < i)
      throw new UserError(`${lists[twin].path} and ${path} would both be the list '${name}'. Rename one of them.`);
  }
  return lists;
}

/** A file that comes with a corpus: in its folder, in `meta` or `trials` there, or beside it. */
export function findBeside(root: string, name: string): string | undefined {
  const folders = [root, join(root, 'meta'), join(root, 'trials'), dirname(root), join(dirname(root), 'meta')];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
