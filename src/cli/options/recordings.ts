import { readRecordingList } from '../../data/recording-list.js';
import type { Recording } from '../../embed/embed-recordings.js';
import { UserError } from '../../errors.js';

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
