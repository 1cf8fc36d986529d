import { existsSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';
import { removeTemporary } from '../../io/remove-temporary.js';
import { writeError } from '../../io/write-error.js';
import type { Json } from '../../plugin/json.js';

/** stage.json: written last, so that a folder with it is complete. */
export interface StageRecord {
  key: string;
  stage: string;
  options: Json;
  /** A hash of what it read from outside of the run, where it says so. */
  sources?: string;
  result: Json;
  /** Over all attempts. */
  seconds: number;
}

/** stage.partial.json: an unfinished attempt. */
export interface PartialRecord {
  key: string;
  /** Key without the convertible options. */
  attempt: string;
  stage: string;
  seconds: number;
}

export type StageState = 'done' | 'resume' | 'new';

/** The folder of the artifact `as` in a run. */
export function stageFolder(runDir: string, as: string): string {
  return join(runDir, 'stages', as);
}

// Work under another key is kept here, and comes back when its options do.
function asideFolder(runDir: string, as: string, key: string): string {
  return join(runDir, 'stages', '.aside', `${as}-${key.slice(0, 12)}`);
}

/** A stage's name and keys. */
export interface KeyedStage {
  as: string;
  key: string;
  attempt: string;
}

/** The state of the stage with this key in a run directory. */
export function stageState(runDir: string, stage: KeyedStage): StageState {
  const { as, key } = stage;
  const folders = [stageFolder(runDir, as), asideFolder(runDir, as, key)];
  if (folders.some((folder) => readRecord(folder)?.key === key)) return 'done';
  return folders.some((folder) => isAttempt(folder, stage)) ? 'resume' : 'new';
}

const isAttempt = (folder: string, { attempt }: KeyedStage): boolean =>
  readRecord(folder) === undefined && readPartial(folder)?.attempt === attempt;

/** Makes the folder of the stage that has this key the current one; work under another key is set aside, not deleted. */
export function openStageFolder(runDir: string, stage: KeyedStage): string {
  const { as, key } = stage;
  const folder = stageFolder(runDir, as);
  const holds = (readRecord(folder) ?? readPartial(folder))?.key;
  const isOurs = holds === key || isAttempt(folder, stage);
  try {
    if (holds === undefined) removeUnused(folder);
    if (existsSync(folder) && !isOurs) move(folder, asideFolder(runDir, as, holds ?? 'unknown'));
    const aside = asideFolder(runDir, as, key);
    if (!isOurs && existsSync(aside)) move(aside, folder);
    makeFolder(folder);
  } catch (error) {
    throw writeError(folder, error);
  }
  return folder;
}

/** Removes a folder that holds nothing: a process that is killed before it says which stage it does leaves at most half a file there. */
function removeUnused(folder: string): void {
  if (!existsSync(folder)) return;
  removeTemporary(folder, 0);
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}

/** Deletes a stage's folders: the current one, and the one set aside under this key. */
export function removeStageFolder(runDir: string, as: string, key: string): void {
  rmSync(stageFolder(runDir, as), { recursive: true, force: true });
  rmSync(asideFolder(runDir, as, key), { recursive: true, force: true });
}

function move(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  makeFolder(dirname(to));
  renameSync(from, to);
}

export function readRecord(folder: string): StageRecord | undefined {
  return readJson<StageRecord>(join(folder, 'stage.json'));
}

export function readPartial(folder: string): PartialRecord | undefined {
  return readJson<PartialRecord>(join(folder, 'stage.partial.json'));
}

export function writePartial(folder: string, record: PartialRecord): void {
  writeFileAtomic(join(folder, 'stage.partial.json'), `${JSON.stringify(record)}\n`);
}

/** Marks a stage as complete. */
export function writeRecord(folder: string, record: StageRecord): void {
  writeFileAtomic(join(folder, 'stage.json'), `${JSON.stringify(record, null, 2)}\n`);
  rmSync(join(folder, 'stage.partial.json'), { force: true });
}

// Both files are written atomically: one that does not parse is not ours, and counts as absent.
function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
