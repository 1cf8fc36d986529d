import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomic.js';
import { makeFolder } from '../../io/folder.js';
import { withLock } from '../../io/lock.js';
import { writeError } from '../../io/write-error.js';
import { librariesFolder } from './cache-folder.js';
import { type FreeBytes, freeBytes, requireSpace } from './disk-space.js';
import type { IndexSettings } from './index-urls.js';
import { type LibraryRecord, libraryKey, RECORD_FILE, readInstalled } from './installed.js';
import { bytesNeeded, matchFiles, obtainWheel, removeDownloads } from './obtain.js';
import type { LibraryPlan, PlannedWheel } from './plan-library.js';
import { libraryNames } from './platform.js';
import type { Progress } from './progress.js';
import { isLibraryFile, type UnpackedFile, unpackWheel } from './unpack.js';

export interface Installation {
  cache: string;
  /** Wheels that the user downloaded; each must have the checksum of a planned one. */
  files: string[];
  /** Install anew what is installed already. */
  force: boolean;
  settings: IndexSettings;
  progress: Progress;
  sleep: (milliseconds: number) => Promise<unknown>;
  freeBytes?: FreeBytes;
}

/** The cache may be shared by several hosts: a lock without a heartbeat for so long was left by a killed process of any of them. */
const ABANDONED_LOCK_MS = 20_000;

/**
 * Installs a library into the cache: fetch, check, unpack into a temporary folder, rename it into place whole. Whatever
 * stops it leaves no folder that looks installed. Of several processes one works and the others wait. Returns the folder,
 * and `already` when it was installed before.
 */
export async function installLibrary(
  plan: LibraryPlan,
  install: Installation,
): Promise<{ folder: string; already: boolean }> {
  const { cache, force, progress, sleep } = install;
  const libraries = librariesFolder(cache);
  const key = libraryKey(plan.version, plan.platform, plan.gpu);
  const folder = join(libraries, key);
  if (!force && readInstalled(folder)) return { folder, already: true };
  make(libraries);
  const onWait = (owner: string): void => progress.say(`Waiting for another \`voxloop setup\` (${owner}).`);
  const waiting = { onWait, sleep, abandonedAfterMs: ABANDONED_LOCK_MS };
  return withLock(join(libraries, `.${key}.lock`), waiting, async () => {
    if (!force && readInstalled(folder)) return { folder, already: true };
    removeLeftovers(libraries, key);
    const temporary = join(libraries, `.${key}.${randomBytes(4).toString('hex')}.tmp`);
    try {
      await unpackInto(temporary, plan, install);
      swapIn(temporary, folder);
    } finally {
      progress.finish();
      rmSync(temporary, { recursive: true, force: true });
    }
    removeDownloads(plan.wheels, cache);
    return { folder, already: false };
  });
}

/** Fetches every wheel, unpacks them, and writes the record that makes the folder an installed library. */
async function unpackInto(temporary: string, plan: LibraryPlan, install: Installation): Promise<void> {
  const { cache, settings, sleep, progress } = install;
  const free = install.freeBytes ?? freeBytes;
  const { version, platform, gpu, wheels } = plan;
  const supplied = await matchFiles(wheels, install.files);
  requireSpace(cache, bytesNeeded(wheels, supplied, cache), free);
  const label = (verb: string, i: number): string =>
    `${verb} ${wheels.length > 1 ? `${i + 1}/${wheels.length} ` : ''}${wheels[i]!.project}`;
  const obtaining = { cache, settings, sleep, report: progress.report, freeBytes: free };
  const paths: string[] = [];
  for (const [i, wheel] of wheels.entries()) {
    paths.push(supplied.get(wheel.sha256) ?? (await obtainWheel(wheel, label('Fetching', i), obtaining)));
  }
  make(temporary);
  const files: UnpackedFile[] = [];
  for (const [i, wheel] of paths.entries()) {
    const onBytes = (done: number, total: number): void => progress.report(label('Unpacking', i), done, total);
    const unpacking = { wheel, into: temporary, wanted: isLibraryFile, onBytes, freeBytes: free };
    files.push(...(await unpackWheel(unpacking)));
  }
  requireLibraries(plan, files);
  const record: LibraryRecord = { version, platform, gpu, wheels: wheels.map(nameAndSum), files };
  writeFileAtomic(join(temporary, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

function requireLibraries({ platform, version, wheels }: LibraryPlan, files: UnpackedFile[]): void {
  const { cc, framework } = libraryNames(platform);
  const missing = [cc, framework].filter((name) => !files.some(({ path }) => path === `tensorflow/${name}`));
  if (missing.length === 0) return;
  throw new UserError(
    `${wheels[0]!.file} does not hold ${missing.join(' and ')}; ` +
      `choose another version than ${version}, or leave out --version.`,
  );
}

function swapIn(temporary: string, folder: string): void {
  const old = `${temporary}.old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(temporary, folder);
  rmSync(old, { recursive: true, force: true });
}

/** Removes folders that killed installations of the same library left; the lock ensures that none is still running. */
function removeLeftovers(libraries: string, key: string): void {
  const stale = readdirSync(libraries).filter((name) => name.startsWith(`.${key}.`) && /\.tmp(\.old)?$/.test(name));
  for (const name of stale) rmSync(join(libraries, name), { recursive: true, force: true });
}

function make(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw writeError(folder, error);
  }
}

const nameAndSum = ({ file, sha256 }: PlannedWheel): { file: string; sha256: string } => ({ file, sha256 });
