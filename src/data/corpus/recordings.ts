import { createHash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { readError } from '../../io/read-file.js';
import { packedRows, type Rows } from '../packed-rows.js';
import type { Skipped } from './finish-corpus.js';

/** The recordings below a folder. */
export interface Recordings {
  /** Real path of the folder. */
  root: string;
  /** Relative to the root, with forward slashes, sorted. */
  files: Rows<string>;
  /** Links, and folders that could not be read. */
  skipped: Rows<Skipped>;
  /** Of the paths, sizes and modification times. */
  hash: string;
}

/**
 * Lists the recordings below a folder by their extension, whatever its capitals. Hidden files are ignored. Symbolic
 * links below the root are not followed: one may lead out of it, and what it leads to inside is found under its own name.
 * @param otherwise what the reader may do with files of other extensions
 * @throws UserError when there is no such folder, or no recording in it
 */
export function listRecordings(
  folder: string,
  extensions: readonly string[],
  otherwise = 'choose them with --ext',
): Recordings {
  const root = realFolder(folder);
  const wanted = new Set(extensions.map((extension) => extension.toLowerCase().replace(/^\./, '')));
  const files = packedRows<string>();
  const skipped = packedRows<Skipped>();
  const hash = createHash('sha256');
  const others = new Map<string, number>();
  for (const { file, entry, error } of walk(root, '')) {
    const skip = (kind: string, reason: string) => skipped.push({ file, kind, reason });
    const extension = extensionOf(file);
    const stats = entry?.isFile() && wanted.has(extension) ? statsOf(join(root, file)) : undefined;
    if (error !== undefined && file === '') throw readError(folder, error);
    if (error !== undefined) skip('unreadable', `the folder cannot be read (${codeOf(error) ?? messageOf(error)})`);
    else if (entry?.isSymbolicLink()) skip('link', 'a symbolic link; links are not followed');
    else if (!entry?.isFile()) continue;
    else if (!wanted.has(extension)) others.set(extension, (others.get(extension) ?? 0) + 1);
    else if (!stats) skip('unreadable', 'the file cannot be examined; its name may not be UTF-8');
    else {
      files.push(file);
      hash.update(`${file}\t${stats.size}\t${Math.round(stats.mtimeMs)}\n`);
    }
  }
  if (files.length === 0) throw nothingFound(folder, { wanted, otherwise }, others, [...skipped]);
  return { root, files, skipped, hash: hash.digest('hex') };
}

function realFolder(folder: string): string {
  try {
    if (statSync(folder).isDirectory()) return realpathSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw readError(folder, error);
    throw new UserError(`There is no folder ${folder}. Check the path of the recordings.`);
  }
  throw new UserError(`${folder} is a file; the folder that holds the recordings is needed.`);
}

/** In the order of whole paths, so that nothing larger than a folder has to be sorted. */
const inPathOrder = (entries: readonly Dirent[]): Dirent[] => {
  const keyed = entries.map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
};

type Walked = { file: string; entry?: Dirent; error?: unknown };

function* walk(root: string, folder: string): Generator<Walked> {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    yield { file: folder, error };
    return;
  }
  for (const entry of inPathOrder(entries)) {
    if (entry.name.startsWith('.')) continue;
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(root, file);
    else yield { file, entry };
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function extensionOf(file: string): string {
  return /\.([^./]+)$/.exec(file)?.[1].toLowerCase() ?? '';
}

function nothingFound(
  folder: string,
  { wanted, otherwise }: { wanted: Set<string>; otherwise: string },
  others: Map<string, number>,
  skipped: Skipped[],
): UserError {
  const [most] = [...others].filter(([extension]) => extension !== '').sort((a, b) => b[1] - a[1]);
  const links = skipped.filter(({ kind }) => kind === 'link').length;
  const [locked] = skipped.filter(({ kind }) => kind === 'unreadable');
  const hints = [
    most && `It holds ${most[1]} .${most[0]} files: ${otherwise}, or convert them (ffmpeg -i IN OUT.wav).`,
    links > 0 && `It holds ${links} symbolic links, which are not followed: give the folder that they lead to.`,
    locked && `${locked.file}: ${locked.reason}.`,
  ].filter(Boolean);
  const names = [...wanted].map((extension) => `.${extension}`).join(', ');
  return new UserError(
    [`${folder} holds no recordings (${names}).`, ...(hints.length > 0 ? hints : ['Check the path.'])].join(' '),
  );
}
