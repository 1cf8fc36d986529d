import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { audioExtensions } from '../audio/decode/formats.js';
import { isFolder } from '../io/folder.js';
import { declareInputs } from '../io/inputs.js';
import { listRecordings } from './corpus/recordings.js';
import type { ListedRecording } from './recording-list.js';

/** The recordings below a folder, and what is no file to read there: links, and folders that cannot be opened. */
export interface RecordingsBelow {
  recordings: ListedRecording[];
  /** `file` with the folder before it. */
  skipped: { file: string; reason: string }[];
}

/** True for a folder that `voxloop corpus` made, which lists its recordings itself. */
export const isCorpusFolder = (path: string): boolean => isFolder(path) && existsSync(join(path, 'manifest.tsv'));

/**
 * All recordings below a folder, sorted, as a corpus of a folder takes them: by the extensions of what is decoded, without hidden files,
 * and without following links. Names are paths that start in the folder.
 * @throws UserError where there is none
 */
export function recordingsBelow(folder: string): RecordingsBelow {
  const { files, skipped } = listRecordings(folder, audioExtensions, 'name them one by one');
  const recordings = Array.from(files, (name) => ({ name, path: join(folder, name) }));
  declareInputs(() => recordings.map(({ path }) => path));
  return {
    recordings,
    skipped: Array.from(skipped, ({ file, reason }) => {
      const path = join(folder, file);
      return { file: path, reason: `${path}: ${reason}` };
    }),
  };
}
