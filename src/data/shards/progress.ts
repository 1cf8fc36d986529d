import { appendFileSync, existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../io/folder.js';
import { readLines } from '../../io/lines.js';
import { writeError } from '../../io/write-error.js';
import { writeLinesAtomic } from '../../io/write-lines.js';
import {
  endsWithLine,
  parseRow,
  parseSkipped,
  rowLine,
  type ShardRow,
  type SkippedFile,
  shardName,
  skippedLine,
} from './format.js';
import type { ShardKind } from './kind.js';

// The journal of a build: one line for each utterance, in order, written after its samples are safely on the disk.
// A build that was killed continues after the last whole line.
const PROGRESS = 'progress.tsv';
const ROW = '+\t';
const SKIP = '-\t';

/** The journal's line of an utterance whose samples stand in a shard. */
export const rowEntry = (row: ShardRow): string => `${ROW}${rowLine(row)}`;

/** The journal's line of a file that is left out. */
export const skipEntry = (file: SkippedFile): string => `${SKIP}${skippedLine(file)}`;

/** Progress of an interrupted build: its utterances, and the place of the last samples. */
export interface Recovered {
  done: number;
  last?: ShardRow;
}

/** Adds lines to the journal of a build folder and waits until the disk has them. */
export function appendProgress(folder: string, entries: readonly string[]): void {
  const path = join(folder, PROGRESS);
  try {
    appendFileSync(path, entries.map((entry) => `${entry}\n`).join(''), { flush: true });
  } catch (error) {
    throw writeError(path, error);
  }
}

/** The rows of the journal, as lines of the index. */
export const doneRows = (folder: string): Generator<string> => entriesOf(folder, ROW);

/** The files left out so far, as lines of skipped.tsv. */
export const doneSkips = (folder: string): Generator<string> => entriesOf(folder, SKIP);

function* entriesOf(folder: string, kind: string): Generator<string> {
  for (const line of readLines(join(folder, PROGRESS))) if (line.startsWith(kind)) yield line.slice(kind.length);
}

/** Removes the journal from a finished folder. */
export const removeProgress = (folder: string): void => rmSync(join(folder, PROGRESS), { force: true });

/**
 * Prepares the build folder and returns the progress of an interrupted build of the same list (`hash`);
 * samples past the last journal line are cut off. A folder of another list is emptied.
 */
export function recoverProgress(folder: string, hash: string, kind: ShardKind): Recovered {
  const header = `voxloop shards ${hash}`;
  const found: Recovered = { done: 0 };
  /** The end of each shard, in bytes. */
  const ends = new Map<string, number>();
  function* journal(): Generator<string> {
    yield header;
    for (const line of wholeEntries(folder, header, kind)) {
      const row = rowOf(line);
      found.done++;
      if (row) ends.set(shardName(row.shard, kind), endOf(row, kind));
      if (row) found.last = row;
      yield line;
    }
  }
  try {
    makeFolder(folder);
    writeLinesAtomic(join(folder, PROGRESS), journal());
    cutShards(folder, ends);
  } catch (error) {
    throw writeError(folder, error);
  }
  return found;
}

/** The entries up to the first that was cut short, or whose samples did not reach the disk; none of another list's. */
function* wholeEntries(folder: string, header: string, kind: ShardKind): Generator<string> {
  const sizes = new Map<number, number>();
  const sizeOf = (shard: number) => {
    const path = join(folder, shardName(shard, kind));
    if (!sizes.has(shard)) sizes.set(shard, existsSync(path) ? statSync(path).size : 0);
    return sizes.get(shard)!;
  };
  let first = true;
  for (const line of wholeLines(join(folder, PROGRESS))) {
    const row = rowOf(line);
    if (first && line !== header) return;
    if (!first && (row ? endOf(row, kind) > sizeOf(row.shard) : !isSkip(line))) return;
    if (!first) yield line;
    first = false;
  }
}

/** Lines of a file that may be missing, without the last one where its end is. */
function* wholeLines(path: string): Generator<string> {
  if (!existsSync(path)) return;
  const whole = endsWithLine(path);
  let held: string | undefined;
  for (const line of readLines(path)) {
    if (held !== undefined) yield held;
    held = line;
  }
  if (held !== undefined && whole) yield held;
}

const rowOf = (line: string): ShardRow | undefined =>
  line.startsWith(ROW) ? parseRow(line.slice(ROW.length)) : undefined;

const isSkip = (line: string): boolean => line.startsWith(SKIP) && parseSkipped(line.slice(SKIP.length)) !== undefined;

const endOf = (row: ShardRow, { unitBytes }: ShardKind): number => (row.offset + row.length) * unitBytes;

function cutShards(folder: string, ends: ReadonlyMap<string, number>): void {
  for (const name of readdirSync(folder)) {
    const end = ends.get(name);
    if (end !== undefined) truncateSync(join(folder, name), end);
    else if (name !== PROGRESS) rmSync(join(folder, name));
  }
}
