import { accessSync, constants } from 'node:fs';
import { readRecordingList } from '../../data/recording-list.js';
import { isCorpusFolder, type RecordingsBelow, recordingsBelow } from '../../data/recordings-below.js';
import type { Recording } from '../../embed/embed-recordings.js';
import { UserError } from '../../errors.js';
import { fileOfSound } from '../../io/archive-place.js';
import { isFolder } from '../../io/folder.js';
import { readError } from '../../io/read-file.js';

/**
 * The recordings that a command names, as files, as folders or by --list, and what of the folders is left out. Names in the only folder
 * start there; those beside others are paths.
 * @throws UserError for none or both
 */
export function recordingsOf(
  files: readonly string[],
  { list, root }: { list?: string; root?: string },
): { recordings: Recording[]; skipped: RecordingsBelow['skipped'] } {
  if (list === undefined) {
    if (root !== undefined) throw new UserError('--root goes with --list only.');
    if (files.length === 0)
      throw new UserError('No recordings are named. Name files, a folder, or a list with --list.');
    return files.length === 1 && isFolder(files[0]) ? inFolder(files[0]) : filesBelow(files);
  }
  if (files.length > 0) throw new UserError('Give either files or --list, not both.');
  return isFolder(list) ? inFolder(list) : { recordings: readRecordingList(list, root), skipped: [] };
}

const inFolder = (folder: string) =>
  isCorpusFolder(folder) ? { recordings: readRecordingList(folder), skipped: [] } : recordingsBelow(folder);

/** Each file, and in the place of a folder the recordings below it, all named by their paths. */
export function filesBelow(paths: readonly string[]): { recordings: Recording[]; skipped: RecordingsBelow['skipped'] } {
  const found = paths.map((path) => (isFolder(path) ? inFolder(path) : { recordings: [{ path }], skipped: [] }));
  return {
    recordings: found.flatMap(({ recordings }) => recordings.map(({ path }) => ({ name: path, path }))),
    skipped: found.flatMap(({ skipped }) => skipped),
  };
}

/** Tells of a recording that is not there, or may not be read, before a model is opened for it. @throws UserError for the first one */
export function requireRecordings(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      accessSync(fileOfSound(path), constants.R_OK);
    } catch (error) {
      throw readError(path, error);
    }
  }
}
