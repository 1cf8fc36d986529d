import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { UserError } from '../../../errors.js';
import { createNameTable } from '../../name-table.js';
import { chained, packedRows, type Rows } from '../../packed-rows.js';
import { readTrials, type Trial, trialUtterances } from '../../trials.js';
import type { CorpusSummary } from '../corpus-folder.js';
import type { Skipped } from '../finish-corpus.js';
import { keepApart } from '../keep-apart.js';
import { findLists, type ListFile } from '../official/trials.js';
import type { PlannedList, PlannedRecording } from '../planned-corpus.js';
import { safeNames } from '../safe-names.js';
import { buildShardCorpus, type ShardCorpusOptions } from '../shard-corpus.js';
import { translateTrials } from '../trial-lists.js';
import {
  type Collection,
  type CollectionFolder,
  collectionName,
  missingFolders,
  pathIn,
  readCollection,
} from './collection.js';
import { findList } from './find-list.js';
import { cutFragments } from './fragments.js';
import { splitCollections } from './split-collections.js';
import { foldersOf, readTestFolders } from './test-folders.js';

/** Options of `buildFoldersCorpus`. */
export interface FoldersCorpusOptions extends ShardCorpusOptions {
  /** The folder that paths of folders, trials and tests start from. */
  root: string;
  folders: readonly CollectionFolder[];
  /**
   * Files of trial lists, in paths from the root; looked up from the current folder, from the root, and among those of voxloop.
   * `PATH#t=FROM,TO` is a stretch of a recording, in seconds.
   */
  trials?: readonly string[];
  /** A file of folders that are heard in tests only, as paths from the root, a line each; looked up likewise. */
  tests?: string;
  /** Goes on without folders and trial lists that are not there, and without the trials of their recordings. Default: false. */
  skipMissing?: boolean;
}

/**
 * Makes one corpus of several folders. Recordings that trials name are tested; without trials those of the folders in `tests` are.
 * Nothing is trained on that lies in a folder of `tests`, that a corpus among the folders keeps for its own tests, or whose speaker
 * has a recording of either kind, or one that a trial names: a trial of somebody unknown in a folder to train on is refused.
 * @throws UserError for folders that are not there or lie in one another, for trials and tests that name nothing, and for a leak
 */
export async function buildFoldersCorpus(options: FoldersCorpusOptions): Promise<CorpusSummary> {
  const { root, log } = options;
  const missing = checkMissing(options);
  const whole = options.folders
    .filter((folder) => !missing.includes(collectionName(root, folder)))
    .map((folder) => readCollection(root, folder));
  checkApart(whole);
  for (const collection of whole) keepApart(options.out, collection.root);
  const tests = options.tests === undefined ? undefined : readTestFolders(findList(options.tests, root));
  const written = readLists(options);
  const collections = cutFragments(whole, new Set(written.flatMap(({ trials }) => trialUtterances(trials))));
  const lists = planLists(written, collections, missing, log);
  const { recordings, heldOut } = splitCollections(collections, {
    named: options.trials ? new Set(lists.flatMap(({ trials }) => trialUtterances(trials))) : undefined,
    tests,
    log,
  });
  const unused = tests?.unused(missing) ?? [];
  if (unused.length > 0)
    throw new UserError(
      `These folders of tests hold no recording of the corpus, so that whoever is meant might be trained on:\n  ${unused.join('\n  ')}\n` +
        'Correct their paths, which start from the root, or take them out.',
    );
  const identity = {
    name: 'folders',
    options: {
      root: resolve(root),
      folders: options.folders.map((folder) => [collectionName(root, folder), folder.speakerPart ?? null]),
      lists: lists.map(({ name, trials }) => ({ name, trials: trials.length })),
      hash: hashOf(recordings, lists),
    },
  };
  const skipped = chained([...collections.map((one) => () => skippedIn(one)), () => heldOut]);
  return buildShardCorpus(
    { identity, recordings: named(recordings), lists, skipped, origin: originOf(root, collections), seed: 1 },
    options,
  );
}

/** The names of folders that are not there, which was allowed. */
function checkMissing({ root, folders, skipMissing = false, log }: FoldersCorpusOptions): string[] {
  const missing = missingFolders(root, folders).map((folder) => collectionName(root, folder));
  if (missing.length === 0) return missing;
  const list = missing.join(', ');
  if (!skipMissing)
    throw new UserError(
      `${missing.length} of ${folders.length} folders are not there below ${resolve(root)}: ${list}. ` +
        'Correct the paths, or go on without them (--skip-missing; skipMissing: true in a recipe).',
    );
  if (missing.length === folders.length)
    throw new UserError(`None of the folders is there below ${resolve(root)}: ${list}. Check the root.`);
  log?.(`Warning: folders that are not there are left out: ${list}.`);
  return missing;
}

/** A trial list as its file has it. */
interface WrittenList extends ListFile {
  trials: Trial[];
}

/** The trial lists; one that is not there is left out where that is allowed. */
function readLists({ trials = [], root, skipMissing = false, log }: FoldersCorpusOptions): WrittenList[] {
  const files = trials.map((file) => findList(file, root));
  const there = files.filter((file) => !skipMissing || existsSync(file));
  if (there.length < files.length)
    log?.(
      `Warning: trial lists that are not there are left out: ${files.filter((file) => !there.includes(file)).join(', ')}.`,
    );
  return findLists(there, root, []).map(({ name, path }) => ({ name, path, trials: readTrials(path) }));
}

/** Refuses folders that lie in one another: their recordings would be there twice, and split in two ways. */
function checkApart(collections: readonly Collection[]): void {
  for (const [i, outer] of collections.entries())
    for (const [j, inner] of collections.entries()) {
      if (i === j || /^\.\.(?:[\\/]|$)/.test(relative(outer.root, inner.root))) continue;
      throw new UserError(`The folder ${inner.name} lies in ${outer.name}, or is the same: name one of the two.`);
    }
}

/** The lists in paths of the corpus; without the trials of folders that are left out, as far as any trial is left. */
function planLists(
  written: readonly WrittenList[],
  collections: readonly Collection[],
  missing: readonly string[],
  log: FoldersCorpusOptions['log'],
): PlannedList[] {
  const known = createNameTable();
  for (const { recordings } of written.length > 0 ? collections : [])
    for (const { path } of recordings) known.add(path);
  const isThere = (path: string) => !foldersOf(path).some((folder) => missing.includes(folder));
  return written.flatMap(({ name, path, trials: all }) => {
    const trials = all.filter(({ enrolment, test }: Trial) => isThere(enrolment) && isThere(test));
    const dropped = all.length - trials.length;
    if (dropped > 0) log?.(`Warning: ${dropped} of ${all.length} trials of ${name} are of folders that are left out.`);
    if (trials.length === 0) return [];
    return [{ name, trials: translateTrials(trials, (one) => (known.find(one) >= 0 ? one : undefined), path) }];
  });
}

function* skippedIn({ name, skipped }: Collection): Generator<Skipped> {
  for (const { file, kind, reason } of skipped) yield { file: pathIn(name, file), kind, reason };
}

/** The recordings with their ids, which are made of their paths. */
function named(recordings: Rows<PlannedRecording>): Rows<PlannedRecording> {
  const paths = function* () {
    for (const { path } of recordings) yield path;
  };
  const idOf = safeNames(paths(), (path) => path.replace(/\.[^./#]*(#t=.*)?$/, '$1').replaceAll('/', '-'));
  const rows = packedRows<PlannedRecording>();
  for (const recording of recordings) rows.push({ ...recording, id: idOf(recording.path) });
  return rows;
}

function hashOf(recordings: Rows<PlannedRecording>, lists: readonly PlannedList[]): string {
  const hash = createHash('sha256');
  for (const { path, speaker, split } of recordings) hash.update(`${path}\t${speaker}\t${split}\n`);
  for (const { name, trials } of lists) {
    hash.update(`${name}\n`);
    for (const { enrolment, test, target } of trials) hash.update(`${target ? 1 : 0} ${enrolment} ${test}\n`);
  }
  return hash.digest('hex');
}

function originOf(root: string, collections: readonly Collection[]): string {
  const lines = collections.map((collection) => `- \`${collection.root}\``).join('\n');
  return `The recordings of these folders, which trials name by their paths from \`${resolve(root)}\`. Their licences go with the audio.\n\n${lines}`;
}
