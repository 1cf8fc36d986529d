import { accessSync, constants } from 'node:fs';
import { readRecordingList } from '../../data/recording-list.js';
import type { Recording } from '../../embed/embed-recordings.js';
import { UserError } from '../../errors.js';
import { fileOfSound } from '../../io/archive-place.js';
import { readError } from '../../io/read-file.js';

/** The recordings that a command names, as files or by --list. @throws UserError for none or both */
export function recordingsOf(files: readonly string[], { list, root }: { list?: string; root?: string }): Recording[] {
  if (list === undefined) {
    if (root !== undefined) throw new UserError('--root goes with --list only.');
    if (files.length === 0) throw new UserError('No recordings are named. Name files, or a list with --list.');
    return files.map((path) => ({ name: path, path }));
  }
  if (files.length > 0) throw new UserError('Give either files or --list, not both.');
  return readRecordingList(list, root);
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
