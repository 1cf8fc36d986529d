import { reasonsFor } from './source-files.mjs';

export const MOST_FILES = 25;

/** Folders by the number of files that lie in them directly, fullest first: {folder, files, reason}. */
export function measureFolders(sources) {
  const folders = new Map();
  for (const source of sources) {
    const entry = folders.get(source.folder) ?? { folder: source.folder, files: 0 };
    entry.files += 1;
    entry.reason ??= reasonsFor(source, 'full folder')[0]?.reason;
    folders.set(source.folder, entry);
  }
  return [...folders.values()].sort((a, b) => b.files - a.files);
}

/** The fault of every folder that is too full; a file of it may hold a comment line `// full folder: ...`. */
export function fullFolderFaults(folders) {
  return folders
    .filter(({ files, reason }) => files > MOST_FILES && reason === undefined)
    .map(({ folder, files }) => `${folder}: ${files} files lie in it directly; at most ${MOST_FILES}`);
}
