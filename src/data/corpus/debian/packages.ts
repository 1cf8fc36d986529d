import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../../../errors.js';
import { writeFileAtomic } from '../../../io/atomic.js';
import { makeFolder } from '../../../io/folder.js';
import { isOnPath } from '../../../io/on-path.js';
import { writeError } from '../../../io/write-error.js';
import { withFolderLock } from '../../folder-lock.js';
import type { BuildOptions } from '../build-options.js';
import { runCommand } from '../run-command.js';

/** A package of the operating system, downloaded. */
export interface DebianPackage {
  name: string;
  version: string;
  /** The .deb file. */
  file: string;
}

type Index = Record<string, { version: string; file: string; sha256: string }>;

/** True where this machine can fetch Debian packages. */
export function debianAvailable(path = process.env.PATH): boolean {
  return ['apt-get', 'dpkg', 'dpkg-deb'].every((program) => isOnPath(program, path));
}

/**
 * Gets packages from the cache folder, else from the system's own package sources: with folders of our own for apt's
 * state, so no root is needed and nothing of the system changes. apt checks every package against its signed lists.
 * @throws UserError when apt is missing, a package cannot be had, or there is no network
 */
export async function fetchPackages(
  names: readonly string[],
  cache: string,
  options: BuildOptions,
): Promise<DebianPackage[]> {
  const folder = join(cache, 'debian-packages');
  return withFolderLock(join(cache, 'debian-packages.lock'), options, async () => {
    const cached = readIndex(folder, names);
    if (cached) return toPackages(folder, names, cached);
    if (!debianAvailable()) {
      throw new UserError(
        'apt-get and dpkg are not on the PATH: this corpus is made from Debian packages. On another system use ' +
          '`voxloop corpus synthetic`, or `voxloop corpus dir` with recordings of your own.',
      );
    }
    const index = await download(names, folder, options);
    return toPackages(folder, names, index);
  });
}

function toPackages(folder: string, names: readonly string[], index: Index): DebianPackage[] {
  return names.map((name) => ({ name, version: index[name].version, file: join(folder, index[name].file) }));
}

/** The index of the cached packages, when all are there and whole. */
function readIndex(folder: string, names: readonly string[]): Index | undefined {
  try {
    const index: Index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
    const whole = names.every((name) => sha256(join(folder, index[name].file)) === index[name].sha256);
    return whole ? index : undefined;
  } catch {
    return undefined;
  }
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

async function download(names: readonly string[], folder: string, options: BuildOptions): Promise<Index> {
  let scratch: string | undefined;
  try {
    makeFolder(folder);
    scratch = mkdtempSync(join(folder, 'apt-'));
    const debs = join(scratch, 'debs');
    mkdirSync(debs);
    await aptDownload(names, scratch, debs, options);
    const index = await indexOf(debs);
    const absent = names.filter((name) => !index[name]);
    if (absent.length > 0) throw new UserError(`apt-get download left no file for ${absent.join(', ')}. Run it again.`);
    for (const { file } of Object.values(index)) renameSync(join(debs, file), join(folder, file));
    writeFileAtomic(join(folder, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
    return index;
  } catch (error) {
    throw writeError(folder, error);
  } finally {
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  }
}

async function aptDownload(names: readonly string[], scratch: string, debs: string, options: BuildOptions) {
  const apt = aptOptions(scratch);
  options.log?.('Fetching the package lists ...');
  const update = await runCommand('apt-get', [...apt, 'update'], { signal: options.signal });
  options.log?.(`Fetching ${names.length} packages ...`);
  const onLine = (line: string) => {
    const got = /^Get:\d+ \S+ (?:\S+ )*?(\S+) \S+ (\S+) (\[.*\])$/.exec(line);
    if (got) options.log?.(`  ${got[1]} ${got[2]} ${got[3]}`);
  };
  const get = await runCommand('apt-get', [...apt, 'download', ...names], {
    cwd: debs,
    signal: options.signal,
    onLine,
  });
  if (get.code !== 0) throw new UserError(explainFailure(update.lines, get.lines));
}

/** Options that keep apt within `scratch`, while sources and keys stay the system's. */
function aptOptions(scratch: string): string[] {
  for (const part of ['state/lists/partial', 'cache/archives/partial']) makeFolder(join(scratch, part));
  writeFileSync(join(scratch, 'state/status'), '');
  const settings = [
    `Dir::State=${join(scratch, 'state')}`,
    `Dir::State::Lists=${join(scratch, 'state/lists')}`,
    `Dir::State::status=${join(scratch, 'state/status')}`,
    `Dir::Cache=${join(scratch, 'cache')}`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    // As root, apt would download as a user of its own, who may not write here.
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
  ];
  return ['-q', ...settings.flatMap((setting) => ['-o', setting])];
}

const NETWORK =
  /Could not resolve|Temporary failure|Could not connect|Unable to connect|timed out|Failed to fetch|unreachable/i;
const ABSENT = /Unable to locate package|Can't find a source|no installation candidate|Can't select/i;

/** One sentence on why packages could not be had, with the next step. */
export function explainFailure(update: readonly string[], download: readonly string[]): string {
  const errors = (lines: readonly string[]) => lines.filter((line) => /^(E|W|Err)[: ]/.test(line));
  const first = (lines: readonly string[]) => errors(lines).slice(0, 2).join(' ') || lines.slice(-2).join(' ');
  const all = [...errors(update), ...errors(download)];
  if (all.some((line) => /No space left/i.test(line))) {
    return `The disk filled up while apt-get was downloading. Free some space and run the command again.`;
  }
  if (all.some((line) => NETWORK.test(line))) {
    return `apt-get could not reach the package servers: ${first(all.filter((line) => NETWORK.test(line)))} Check the network and the proxy settings, then run the command again.`;
  }
  if (all.some((line) => ABSENT.test(line))) {
    return `The system's package sources lack a package: ${first(download)} They are in Debian's "main" and Ubuntu's "universe": enable that section in /etc/apt/sources.list, or use \`voxloop corpus synthetic\`.`;
  }
  return `apt-get download failed: ${first(download)} Repair the system's package sources and run the command again.`;
}

async function indexOf(debs: string): Promise<Index> {
  const index: Index = {};
  for (const file of readdirSync(debs).filter((name) => name.endsWith('.deb'))) {
    const path = join(debs, file);
    const fields = await runCommand('dpkg-deb', ['--field', path, 'Package', 'Version']);
    const field = (key: string) => fields.lines.find((line) => line.startsWith(`${key}: `))?.slice(key.length + 2);
    const [name, version] = [field('Package'), field('Version')];
    if (fields.code !== 0 || !name || !version)
      throw new UserError(`${path} is not a Debian package. Run the command again.`);
    index[name] = { version, file, sha256: sha256(path) };
  }
  return index;
}

/** Unpacks packages into a folder, which is created. @throws UserError when dpkg cannot */
export async function unpackPackages(packages: readonly DebianPackage[], into: string, signal?: AbortSignal) {
  makeFolder(into);
  for (const { name, file } of packages) {
    const unpacked = await runCommand('dpkg', ['-x', file, into], { signal });
    if (unpacked.code === 0) continue;
    const why = unpacked.lines.slice(-2).join(' ');
    throw new UserError(
      /No space left/i.test(why)
        ? `The disk is full: ${name} was not unpacked into ${into}. Free some space and run the command again.`
        : `dpkg could not unpack ${existsSync(file) ? file : name}: ${why} Delete the file and run the command again.`,
    );
  }
}
