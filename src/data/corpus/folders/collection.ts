import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, posix, relative, resolve } from 'node:path';
import { audioExtensions } from '../../../audio/decode/formats.js';
import { UserError } from '../../../errors.js';
import { readLines } from '../../../io/lines.js';
import type { AudioPart } from '../../audio-part.js';
import { checkManifest, readManifest } from '../../manifest.js';
import { type Rows, rowsFrom } from '../../packed-rows.js';
import type { Skipped } from '../finish-corpus.js';
import { nameSpeakers } from '../folder/names.js';
import { listRecordings } from '../recordings.js';

/** A folder of a corpus of several. */
export interface CollectionFolder {
  /** Below the root, or absolute. */
  path: string;
  /** The folder of a recording's path that names the speaker, counted from 0 at this folder. Default: speakers are unknown. */
  speakerPart?: number;
}

/** A recording of a collection. */
export interface CollectionRecording {
  /** Its path from the root, which trial lists name it by. */
  path: string;
  /** The file in the collection's folder. */
  file: string;
  /** `collection/speaker`; null where unknown. */
  speaker: string | null;
  /** `test` for what the collection itself keeps for tests. */
  split: 'train' | 'test';
  language: string | null;
  gender: string | null;
  /** Which part of the file it is. Default: all of it. */
  part?: AudioPart;
}

/** The recordings below a folder, with what is known of their speakers. */
export interface Collection {
  /** Its path from the root of all collections. */
  name: string;
  /** The real path of the folder. */
  root: string;
  recordings: Rows<CollectionRecording>;
  skipped: Rows<Skipped>;
}

/** The name of a folder: its path from the root, with forward slashes. */
export const collectionName = (root: string, { path }: CollectionFolder): string => {
  const below = isAbsolute(path) ? relative(resolve(root), path) : path;
  return posix.normalize(below.replaceAll('\\', '/')).replace(/\/$/, '');
};

/** The folders that are not there. */
export const missingFolders = (root: string, folders: readonly CollectionFolder[]): CollectionFolder[] =>
  folders.filter(({ path }) => !existsSync(resolve(root, path)));

/**
 * Lists the recordings of a folder. Of a corpus made by voxloop (`manifest.tsv` with a column `split`) only what its manifest names
 * is taken, with its speakers and its split; the files there that are forms of others are not.
 * @throws UserError when it holds no recording, a path has no part for the speaker, or a corpus has its sound in shards
 */
export function readCollection(root: string, folder: CollectionFolder): Collection {
  const dir = resolve(root, folder.path);
  const name = collectionName(root, folder);
  return isCorpus(dir) ? readCorpus(dir, name, folder) : readFolder(dir, name, folder);
}

function readFolder(dir: string, name: string, { speakerPart }: CollectionFolder): Collection {
  const { root, files, skipped } = listRecordings(dir, audioExtensions);
  const speakerOf = speakerPart === undefined ? undefined : nameSpeakers(files, speakerPart, root);
  const recordings = rowsFrom(files.length, function* (): Generator<CollectionRecording> {
    for (const file of files) {
      const speaker = speakerOf ? `${name}/${speakerOf(file)}` : null;
      yield { path: pathIn(name, file), file, speaker, split: 'train', language: null, gender: null };
    }
  });
  return { name, root, recordings, skipped };
}

/** The path from the root of a file of a collection. */
export const pathIn = (name: string, file: string): string => (name === '.' ? file : `${name}/${file}`);

/** True for a folder whose manifest says who is tested: other tables of this name say nothing that has to be heeded. */
function isCorpus(dir: string): boolean {
  const manifest = join(dir, 'manifest.tsv');
  if (!existsSync(manifest)) return false;
  const [header = ''] = readLines(manifest);
  return header.split('\t').includes('split');
}

function readCorpus(dir: string, name: string, { speakerPart }: CollectionFolder): Collection {
  if (speakerPart !== undefined)
    throw new UserError(
      `${dir} is a corpus whose manifest.tsv names the speakers: leave out the part that names them.`,
    );
  if (existsSync(join(dir, 'shards')))
    throw new UserError(
      `${dir} is a corpus that holds its sound in shards, not in files. Name the folder of recordings that it was made of.`,
    );
  const manifest = readManifest(dir);
  checkManifest(manifest);
  const { utterances } = manifest;
  const recordings = rowsFrom(utterances.length, function* (): Generator<CollectionRecording> {
    for (const { path, speaker, split, language, gender = null } of utterances) {
      const known = speaker === null ? null : `${name}/${speaker}`;
      yield { path: pathIn(name, path), file: path, speaker: known, split, language, gender };
    }
  });
  return { name, root: realpathSync(dir), recordings, skipped: [] };
}
