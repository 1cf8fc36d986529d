import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf, UserError } from '../../errors.js';
import { NetworkFault } from './connect.js';
import { getPage, retrying } from './http.js';
import { type IndexSettings, shown } from './index-urls.js';
import { type IndexFile, parseSimplePage, SIMPLE_ACCEPT } from './simple-page.js';
import { canonical, isWheelFor, type Wheel } from './wheels.js';

type WheelName = Pick<Wheel, 'project' | 'file' | 'sha256'>;
type Sleep = (milliseconds: number) => Promise<unknown>;

/**
 * Finds a pinned wheel: in the first find-links folder or index that lists the file under its checksum (or under
 * none). Throws a UserError that names the places asked, the errors, and what to do.
 */
export async function findPinned(
  wheel: WheelName,
  settings: IndexSettings,
  sleep: Sleep,
  offline = OFFLINE,
): Promise<IndexFile> {
  const faults: string[] = [];
  for (const place of placesFor(wheel.project, settings)) {
    const files = await listed(place, settings, sleep, faults);
    const match = files.find(({ file, sha256 }) => file === wheel.file && (sha256 ?? wheel.sha256) === wheel.sha256);
    if (match) return match;
  }
  throw notFound(wheel.file, wheel.project, settings, faults, offline);
}

/**
 * A wheel of any version for a platform: of those with the checksum asked for (any, when null), the one for the newest
 * Python at the first place that lists one.
 */
export async function findVersion(
  wanted: { project: string; version: string; platform: string; sha256: string | null },
  settings: IndexSettings,
  sleep: Sleep,
): Promise<IndexFile> {
  const { project, version, platform, sha256 } = wanted;
  const faults: string[] = [];
  for (const place of placesFor(project, settings)) {
    const files = await listed(place, settings, sleep, faults);
    const fitting = files
      .filter(({ file }) => isWheelFor(file, project, version, platform))
      .filter((wheel) => sha256 === null || (wheel.sha256 ?? sha256) === sha256);
    const [newest] = fitting.sort((a, b) => b.file.localeCompare(a.file, 'en', { numeric: true }));
    if (newest) return newest;
  }
  const checksum = sha256 === null ? '' : ` with sha256 ${sha256}`;
  throw notFound(`a wheel of ${project} ${version} for ${platform}${checksum}`, project, settings, faults, OFFLINE);
}

/** What to do without an index. */
const OFFLINE =
  'download the wheel on another machine and run: npx voxloop setup --wheel FILE (its checksum is still checked)';

function placesFor(project: string, { findLinks, indexes }: IndexSettings): URL[] {
  return [...findLinks, ...indexes.map((index) => new URL(`${canonical(project)}/`, index))];
}

async function listed(place: URL, settings: IndexSettings, sleep: Sleep, faults: string[]): Promise<IndexFile[]> {
  try {
    if (place.protocol === 'file:') return listFolder(place);
    const { text, type, url } = await retrying(() => getPage(place, SIMPLE_ACCEPT, settings), sleep);
    return parseSimplePage(text, type, url);
  } catch (error) {
    if (error instanceof UserError) throw error;
    // An index without the project answers 404: not a fault, the next one is asked.
    if (!(error instanceof NetworkFault && error.status === 404)) faults.push(messageOf(error));
    return [];
  }
}

/** A local page, the page of a local index, or the files of a folder. */
function listFolder(place: URL): IndexFile[] {
  const path = fileURLToPath(place);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return [];
  if (stats.isFile()) return parseSimplePage(readFileSync(path, 'utf8'), 'text/html', place);
  const folder = new URL(place.href.replace(/\/?$/, '/'));
  const page = new URL('index.html', folder);
  if (existsSync(page)) return parseSimplePage(readFileSync(page, 'utf8'), 'text/html', page);
  const base = fileURLToPath(folder);
  return readdirSync(base).map((file) => ({ file, url: pathToFileURL(base + file), sha256: null, bytes: null }));
}

function notFound(
  what: string,
  project: string,
  settings: IndexSettings,
  faults: string[],
  offline: string,
): UserError {
  if (faults.length > 0) {
    return new UserError(
      `Looking for ${what} failed: ${faults.join('; ')}. Set PIP_INDEX_URL to an index that this network reaches ` +
        `or HTTPS_PROXY to its proxy and run the command again, or ${offline}.`,
    );
  }
  const places = placesFor(project, settings).map(shown);
  const asked = places.length > 0 ? places.join(', ') : 'nowhere (pip is set to use no index)';
  return new UserError(
    `No package index has ${what}; asked: ${asked}. Set PIP_INDEX_URL to an index that has it, or ${offline}.`,
  );
}
