import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { missingFolders } from '../../data/corpus/folders/collection.js';
import { findList } from '../../data/corpus/folders/find-list.js';
import { nemoSound } from '../../data/corpus/listed/nemo.js';
import { besideList, listStamp, sourceStamp, wavScpSound } from '../../data/corpus/source-stamp.js';
import type { CorpusOptions } from './options.js';

/** A hash of the recordings and lists that a corpus is made of; undefined for one that voxloop makes or fetches itself. */
export function corpusSources(options: CorpusOptions): string | undefined {
  const { source, path, testPath, secondPath, trials, tests, enrolments, features } = options;
  if (!path || source === 'auto' || source === 'debian' || source === 'synthetic') return undefined;
  const lists = [tests, ...(trials ?? [])].map((name) => (name && source === 'folders' ? findList(name, path) : name));
  const more = [testPath, secondPath, enrolments, ...lists].filter((name) => name !== undefined && existsSync(name));
  const roots = source === 'folders' ? presentFolders(path, options) : [path];
  const stamps = [sourceStamp([...roots, ...(more as string[])])];
  if (source === 'kaldi')
    for (const dir of [path, testPath ?? path])
      stamps.push(listStamp(join(dir, features ? 'feats.scp' : 'wav.scp'), (line) => wavScpSound(line, dir)));
  if (source === 'nemo' && !path.endsWith('.gz'))
    for (const list of [path, testPath ?? path]) stamps.push(listStamp(list, (line) => nemoSound(line, dirname(list))));
  if (source === 'tar' && existsSync(path) && statSync(path).isFile())
    stamps.push(listStamp(path, (line) => (line === '' ? undefined : besideList(line, dirname(path)))));
  return stamps.includes(undefined) ? undefined : stamps.join(' ');
}

/** The folders of `source: folders`, each with its path. */
export const foldersOf = ({ folders = [] }: CorpusOptions) =>
  folders.map((one) => (typeof one === 'string' ? { path: one } : one));

function presentFolders(root: string, options: CorpusOptions): string[] {
  const folders = foldersOf(options);
  const missing = missingFolders(root, folders);
  return folders.filter((one) => !missing.includes(one)).map((one) => resolve(root, one.path));
}

/** What `source: folders` needs and lacks, told before a run begins. */
export function foldersFaults(root: string, options: CorpusOptions): string[] {
  const { source, folders, trials = [], tests, skipMissing } = options;
  if (source !== 'folders') return [];
  if (!folders) return ["the corpus stage with source 'folders' needs 'folders': their paths below 'path'"];
  const missing = skipMissing ? [] : missingFolders(root, foldersOf(options));
  const lists = skipMissing ? [] : trials;
  const files = [...lists, ...(tests === undefined ? [] : [tests])].filter((file) => !existsSync(findList(file, root)));
  return [
    ...missing.map(
      ({ path }) =>
        `the corpus folder ${resolve(root, path)} does not exist; correct the corpus stage's 'folders', or set skipMissing: true to go on without it`,
    ),
    ...files.map((file) => `the file ${resolve(file)} does not exist; correct the corpus stage's 'trials' and 'tests'`),
  ];
}
