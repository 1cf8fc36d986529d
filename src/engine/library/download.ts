import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { messageOf, UserError } from '../../errors.js';
import { makeFolder } from '../../io/folder.js';
import { sha256Of } from './checksum.js';
import { type NetSettings, NetworkFault } from './connect.js';
import { type FreeBytes, inMegabytes, requireSpace, storageError } from './disk-space.js';
import { openUrl } from './http.js';
import { shown } from './index-urls.js';

export interface Download {
  url: URL;
  /** Name under which the file lies in `folder`; while it is fetched, with `.part` behind it. */
  file: string;
  folder: string;
  /** The checksum that it has to have; null where none is known. */
  sha256: string | null;
  /** Sent with the request; an authorization goes to the address's own origin only. */
  headers?: Record<string, string>;
  settings: NetSettings;
  sleep: (milliseconds: number) => Promise<unknown>;
  /** Called with the bytes fetched and the total (null: unknown). */
  onBytes?: (done: number, total: number | null) => void;
  freeBytes?: FreeBytes;
  /** What to do about faults. Default: that for wheels of the library. */
  advice?: Advice;
}

/** The ends of error messages: for another checksum, a refusal, a host that is not reached, and when all else fails. */
export interface Advice {
  changed: string;
  refused: string;
  unreachable: string;
  otherwise: string;
}

const WHEEL_ADVICE: Advice = {
  changed:
    'A proxy or mirror may have changed it: run the command again, or set PIP_INDEX_URL to another package index.',
  refused:
    'Put the user name and password into PIP_INDEX_URL or HTTPS_PROXY (https://USER:PASSWORD@host), or choose another index',
  unreachable: 'Check the network; set HTTPS_PROXY to its proxy or PIP_INDEX_URL to an index that it reaches',
  otherwise: 'or fetch the wheel on another machine and run: npx voxloop setup --wheel FILE',
};

const TRIES = 6;
/** An attempt that fetched this much resets the count of tries. */
const PROGRESS_BYTES = 1 << 20;

/**
 * Downloads a file over HTTP(S) and checks it: resumes an earlier download, tries again after network faults,
 * and leaves the whole file in `folder` or throws a UserError. A broken connection keeps the `.part` for the next call;
 * a wrong checksum and a full disk delete it. Returns the path.
 */
export async function downloadFile(download: Download): Promise<string> {
  const { folder, file, sha256, advice = WHEEL_ADVICE } = download;
  const whole = join(folder, file);
  try {
    makeFolder(folder);
  } catch (error) {
    throw storageError(folder, 0, error);
  }
  const part = `${whole}.part`;
  const resumed = (await sizeOf(part)) > 0;
  await fetchAll(part, download);
  let actual = sha256 === null ? null : await sha256Of(part);
  if (actual !== sha256 && resumed) {
    // The partial file may be the beginning of another one: once more, from the start.
    await rm(part);
    await fetchAll(part, download);
    actual = await sha256Of(part);
  }
  if (actual !== sha256) {
    await rm(part);
    throw new UserError(
      `${file} from ${shown(download.url)} has the wrong checksum: sha256 ${actual}, expected ${sha256}. It was deleted. ${advice.changed}`,
    );
  }
  await rename(part, whole);
  return whole;
}

/** The path of a file that was fetched whole before, or null; one with another checksum is deleted. */
export async function wholeFile(folder: string, file: string, sha256: string): Promise<string | null> {
  const path = join(folder, file);
  if ((await sizeOf(path)) === 0) return null;
  if ((await sha256Of(path)) === sha256) return path;
  await rm(path);
  return null;
}

async function fetchAll(part: string, download: Download): Promise<void> {
  for (let tries = 1; ; tries++) {
    const before = await sizeOf(part);
    try {
      return await fetchRest(part, download);
    } catch (error) {
      if (!(error instanceof NetworkFault)) throw error;
      const kept = await sizeOf(part);
      if (kept - before >= PROGRESS_BYTES) tries = 1;
      if (!error.retry || tries >= TRIES) throw brokenOff(download, kept, error);
      await download.sleep(1000 * 2 ** (tries - 1));
    }
  }
}

/** One connection's worth. Throws a NetworkFault when it ends early. */
async function fetchRest(part: string, download: Download): Promise<void> {
  const { url, settings, folder, freeBytes, headers } = download;
  const have = await sizeOf(part);
  const { response } = await openUrl(url, { ...headers, ...(have > 0 && { range: `bytes=${have}-` }) }, settings);
  const range = /bytes (?:(\d+)-\d+|\*)\/(\d+|\*)/.exec(response.headers['content-range'] ?? '');
  if (response.statusCode === 416 || (response.statusCode === 206 && Number(range?.[1]) !== have)) {
    response.destroy();
    if (response.statusCode === 416 && Number(range?.[2]) === have) return;
    await rm(part, { force: true });
    throw new NetworkFault(`${shown(url)} does not resume the earlier download`, true);
  }
  const start = response.statusCode === 206 ? have : 0;
  const length = response.headers['content-length'];
  const total = length === undefined ? null : start + Number(length);
  try {
    requireSpace(folder, (total ?? start) - start, freeBytes);
    const handle = await open(part, start > 0 ? 'a' : 'w').catch((error) => {
      throw storageError(folder, 0, error, freeBytes);
    });
    await save(response, handle, start, total, download).finally(() => handle.close());
  } catch (error) {
    response.destroy();
    if (error instanceof UserError) await rm(part, { force: true });
    throw error;
  }
}

async function save(
  response: IncomingMessage,
  handle: FileHandle,
  start: number,
  total: number | null,
  { url, folder, onBytes, freeBytes }: Download,
): Promise<void> {
  let done = start;
  onBytes?.(done, total);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      await handle.appendFile(chunk).catch((error) => {
        throw storageError(folder, (total ?? done) - done, error, freeBytes);
      });
      done += chunk.length;
      onBytes?.(done, total);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new NetworkFault(`${url.host} broke off: ${messageOf(error)}`, true);
  }
  if (total !== null && done < total)
    throw new NetworkFault(`${url.host} broke off after ${done} of ${total} bytes`, true);
}

function brokenOff({ url, file, advice = WHEEL_ADVICE }: Download, kept: number, fault: NetworkFault): UserError {
  const rest = kept > 0 ? ` ${inMegabytes(kept)} are kept: run the command again to go on from there.` : '';
  const refused = fault.status === 401 || fault.status === 403 || fault.status === 407;
  const remedy = refused ? advice.refused : advice.unreachable;
  return new UserError(
    `${file} could not be fetched from ${shown(url)}: ${fault.message}.${rest} ${remedy}, ${advice.otherwise}`,
    { cause: fault },
  );
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
