import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.js';
import { fileOfSound, pathBelow } from '../io/archive-place.js';
import { isFolder } from '../io/folder.js';
import { declareInputs } from '../io/inputs.js';
import { readLines } from '../io/lines.js';
import { readManifest } from './manifest.js';

/** A recording in a list. */
export interface ListedRecording {
  name: string;
  path: string;
}

const NAMES_SHOWN = 5;

/**
 * Recordings from a list: a corpus folder or its manifest.tsv; Kaldi's wav.scp (`name path`, any file `.scp`); or else a path or
 * `name TAB path` a line. Other lists' paths start at `root`. A path without a name is its own name.
 * A line that is not UTF-8 text is a recording that cannot be read, not the end of the list.
 * @throws UserError with the line number for a broken line or a pipe, and for names that occur twice
 */
export function readRecordingList(list: string, root = '.'): ListedRecording[] {
  const manifest = isFolder(list) ? list : basename(list) === 'manifest.tsv' ? dirname(list) : undefined;
  const recordings = manifest === undefined ? fromLines(list, root) : fromManifest(manifest);
  if (recordings.length === 0) throw new UserError(`${list} lists no recording.`);
  checkNames(list, recordings);
  declareInputs([manifest === undefined ? list : join(manifest, 'manifest.tsv')]);
  declareInputs(function* () {
    for (const { path } of recordings) yield fileOfSound(path);
  });
  return recordings;
}

/**
 * Lines `first second`, parted by a tab or else by the first white space, so that both may hold spaces around a tab; `first` is
 * null on a line of one word.
 */
export function* readPairs(list: string): Generator<{ first: string | null; second: string; line: number }> {
  let line = 0;
  for (const text of readLines(list)) {
    line++;
    const trimmed = text.trim();
    if (trimmed === '') continue;
    // With the flag s a dot is any character: a carriage return or U+2028 may stand within a line.
    const [, first = null, second] = /^(?:([^\t]*?)\s*\t\s*)?(.*)$/s.exec(trimmed)!;
    if (first !== null) {
      yield { first, second, line };
      continue;
    }
    const [, word = null, rest = trimmed] = /^(\S+)\s+(.*)$/s.exec(trimmed) ?? [];
    yield { first: word, second: rest, line };
  }
}

function fromManifest(dir: string): ListedRecording[] {
  return readManifest(dir).utterances.map(({ id, path }) => ({ name: id, path: join(dir, path) }));
}

function fromLines(list: string, root: string): ListedRecording[] {
  const kaldi = list.endsWith('.scp');
  const recordings: ListedRecording[] = [];
  let line = 0;
  for (const text of readLines(list, 'keep')) {
    line++;
    if (text.trim() === '') continue;
    const parted = kaldi ? /^\s*(\S+)\s+(.*\S)\s*$/s.exec(text) : /^([^\t]*)\t(.*)$/s.exec(text);
    if (kaldi && !parted) throw new UserError(`${list}:${line}: expected "NAME PATH", got ${JSON.stringify(text)}.`);
    const [name, path] = parted ? [parted[1].trim(), parted[2].trim()] : [text.trim(), text.trim()];
    if (kaldi && path.endsWith('|')) {
      throw new UserError(`${list}:${line}: ${JSON.stringify(path)} is a command; only files are read here.`);
    }
    if (name === '' || path === '') throw new UserError(`${list}:${line}: a name or a path is missing.`);
    recordings.push({ name, path: pathBelow(root, path) });
  }
  return recordings;
}

function checkNames(list: string, recordings: readonly ListedRecording[]): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name } of recordings) {
    if (seen.has(name)) twice.add(name);
    seen.add(name);
  }
  if (twice.size === 0) return;
  const shown = [...twice].slice(0, NAMES_SHOWN).join(', ');
  const more = twice.size > NAMES_SHOWN ? `, and ${twice.size - NAMES_SHOWN} more` : '';
  throw new UserError(`${list} has ${twice.size} name${twice.size > 1 ? 's' : ''} more than once: ${shown}${more}.`);
}
