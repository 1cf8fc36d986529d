import { basename } from 'node:path';
import { userError } from '../../errors.js';
import { findVersion } from './find-wheel.js';
import type { IndexSettings } from './index-urls.js';
import { OWN_LIBRARY } from './platform.js';
import type { IndexFile } from './simple-page.js';
import {
  CUDA_WHEELS,
  OLDEST_CUDA_VERSION,
  PINNED_VERSION,
  pinnedWheel,
  SUPPORTED_PLATFORMS,
  type Wheel,
} from './wheels.js';

/** A wheel to install. Sizes are null when unknown; `found` is set when an index was asked already. */
export interface PlannedWheel extends Omit<Wheel, 'bytes' | 'unpackedBytes'> {
  bytes: number | null;
  unpackedBytes: number | null;
  found?: IndexFile;
}

/** The library that `voxloop setup` installs, as wheels. */
export interface LibraryPlan {
  version: string;
  platform: string;
  gpu: boolean;
  wheels: PlannedWheel[];
}

/** The options of `voxloop setup`. */
export interface SetupRequest {
  platform: string;
  gpu: boolean;
  version?: string | undefined;
  sha256?: string | undefined;
  /** Wheels that the user downloaded. */
  files: string[];
}

/**
 * Decides what to install: the pinned wheels, or, when the user names another version, that one under the checksum given or
 * else the one that the package index publishes. Throws a UserError for a library that does not exist.
 */
export async function planLibrary(
  request: SetupRequest,
  settings: IndexSettings,
  sleep: (milliseconds: number) => Promise<unknown>,
  say: (line: string) => void,
): Promise<LibraryPlan> {
  const { platform, gpu } = request;
  const pinned = pinnedWheel(platform, gpu) ?? userError(unsupported(platform, gpu));
  const version = request.version ?? pinned.version;
  const sha256 = checkedFlags(request);
  const cuda = gpu ? CUDA_WHEELS : [];
  if (version === pinned.version && (sha256 ?? pinned.sha256) === pinned.sha256) {
    return { version, platform, gpu, wheels: [pinned, ...cuda] };
  }
  if (gpu && version.localeCompare(OLDEST_CUDA_VERSION, 'en', { numeric: true }) < 0) {
    userError(`--gpu needs TensorFlow ${OLDEST_CUDA_VERSION} or newer, and --version is ${version}.`);
  }
  const wheel = await otherWheel(
    { project: pinned.project, version, platform, sha256 },
    request.files,
    settings,
    sleep,
    say,
  );
  return { version, platform, gpu, wheels: [wheel, ...cuda] };
}

/** The checksum asked for, or null; a UserError for flags that make no sense. */
function checkedFlags({ version, sha256 }: SetupRequest): string | null {
  if (version !== undefined && !/^2\.\d+\.\d+[a-z0-9.]*$/.test(version)) {
    userError(`--version ${version} is not a version of TensorFlow 2, such as ${PINNED_VERSION}.`);
  }
  if (sha256 === undefined) return null;
  if (version === undefined) userError('--sha256 goes with --version: say which version the checksum belongs to.');
  if (!/^[0-9a-f]{64}$/i.test(sha256)) userError(`--sha256 ${sha256} is not 64 hexadecimal digits.`);
  return sha256.toLowerCase();
}

async function otherWheel(
  wanted: { project: string; version: string; platform: string; sha256: string | null },
  files: string[],
  settings: IndexSettings,
  sleep: (milliseconds: number) => Promise<unknown>,
  say: (line: string) => void,
): Promise<PlannedWheel> {
  const { project, version, sha256 } = wanted;
  const unknown = { project, bytes: null, unpackedBytes: null };
  if (sha256 !== null && files.length > 0) return { ...unknown, file: basename(files[0]!), sha256 };
  const found = await findVersion(wanted, settings, sleep);
  const published = sha256 ?? found.sha256;
  if (published === null) {
    return userError(`No checksum of ${found.file} is published where it was found; give it with --sha256.`);
  }
  if (sha256 === null) {
    say(
      `voxloop pins no checksum of TensorFlow ${version}; trusting the one that the package index publishes: ${published}`,
    );
  }
  return { ...unknown, file: found.file, sha256: published, bytes: found.bytes, found };
}

function unsupported(platform: string, gpu: boolean): string {
  if (gpu && pinnedWheel(platform, false)) {
    return `TensorFlow's wheels for CUDA exist for linux-x64 only, and this is ${platform}. Leave out --gpu, or ${OWN_LIBRARY}.`;
  }
  const wsl = platform.startsWith('win32') ? ', or use Linux (WSL)' : '';
  const supported = SUPPORTED_PLATFORMS.join(', ');
  return `There is no TensorFlow library for ${platform}; supported are ${supported}. To go on, ${OWN_LIBRARY}${wsl}.`;
}
