import { rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, messageOf, UserError } from '../../errors.js';
import { downloadsFolder } from './cache-folder.js';
import { sha256Of } from './checksum.js';
import type { FreeBytes } from './disk-space.js';
import { downloadFile, wholeFile } from './download.js';
import { findPinned } from './find-wheel.js';
import type { IndexSettings } from './index-urls.js';
import type { PlannedWheel } from './plan-library.js';
import type { Report } from './progress.js';

export interface Obtaining {
  cache: string;
  settings: IndexSettings;
  sleep: (milliseconds: number) => Promise<unknown>;
  report: Report;
  freeBytes: FreeBytes;
}

/** Path of a planned wheel that has its checksum: fetched into the cache, or in place when it lies on this machine. */
export async function obtainWheel(wheel: PlannedWheel, label: string, obtaining: Obtaining): Promise<string> {
  const { cache, settings, sleep, report, freeBytes } = obtaining;
  const { file, sha256 } = wheel;
  const folder = downloadsFolder(cache);
  const here = await wholeFile(folder, file, sha256);
  if (here !== null) return here;
  const { url } = wheel.found ?? (await findPinned(wheel, settings, sleep));
  if (url.protocol === 'file:') return checkedFile(fileURLToPath(url), wheel);
  const onBytes = (done: number, total: number | null): void => report(label, done, total ?? wheel.bytes);
  return downloadFile({ url, file, folder, sha256, settings, sleep, onBytes, freeBytes });
}

/** Checksum -> path of the wheels that the user supplied. Throws a UserError for one that is not among the planned ones. */
export async function matchFiles(wheels: PlannedWheel[], files: string[]): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const file of files) {
    const sha256 = await sumOf(file);
    if (!wheels.some((wheel) => wheel.sha256 === sha256)) throw wrongFile(file, sha256, wheels);
    paths.set(sha256, file);
  }
  return paths;
}

/** Bytes still to be written: the missing part of the downloads, and everything unpacked. Unknown sizes count as 0. */
export function bytesNeeded(wheels: PlannedWheel[], supplied: Map<string, string>, cache: string): number {
  const folder = downloadsFolder(cache);
  const missing = wheels.filter(({ sha256, found }) => !supplied.has(sha256) && found?.url.protocol !== 'file:');
  const fetched = missing.map(({ file, bytes }) => {
    const there = [join(folder, file), join(folder, `${file}.part`)].map(sizeOf);
    return Math.max(0, (bytes ?? 0) - Math.max(...there));
  });
  return [...fetched, ...wheels.map(({ unpackedBytes }) => unpackedBytes ?? 0)].reduce((sum, bytes) => sum + bytes, 0);
}

/** Deletes what was fetched for these wheels, and the folder when nothing else is in it. */
export function removeDownloads(wheels: PlannedWheel[], cache: string): void {
  const folder = downloadsFolder(cache);
  for (const { file } of wheels) {
    for (const name of [file, `${file}.part`]) rmSync(join(folder, name), { force: true });
  }
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
}

async function checkedFile(path: string, wheel: PlannedWheel): Promise<string> {
  const sha256 = await sumOf(path);
  if (sha256 !== wheel.sha256) throw wrongFile(path, sha256, [wheel]);
  return path;
}

async function sumOf(path: string): Promise<string> {
  return sha256Of(path).catch((error) => {
    throw new UserError(`The wheel ${path} cannot be read: ${messageOf(error)}. Name the wheel's file.`);
  });
}

function wrongFile(path: string, sha256: string, wheels: PlannedWheel[]): UserError {
  const [first] = wheels;
  const expected = wheels.length === 1 && first ? first.sha256 : `that of one of these ${wheels.length} wheels`;
  return new UserError(
    `${path} has the wrong checksum: sha256 ${sha256}, expected ${expected}. ` +
      `Fetch ${wheels.map(({ file }) => file).join(', ')} again, ` +
      'or name the version and checksum that you want: npx voxloop setup --version V --sha256 HEX --wheel FILE',
  );
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
