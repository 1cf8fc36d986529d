import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { UserError } from '../../errors.js';
import { cacheFolder, type Environment, librariesFolder } from './cache-folder.js';
import { readInstalled } from './installed.js';
import { currentPlatform, hasNvidiaDriver, libraryNames } from './platform.js';
import { pinnedWheel } from './wheels.js';

/** A TensorFlow C library on this machine. */
export interface LibraryLocation {
  /** The folder of the two files. */
  dir: string;
  /** Absolute paths; `cc` has the C API, `framework` the symbols it leans on. */
  files: { cc: string; framework: string };
  /** Null when nothing beside the files states it; TF_Version() does once the library is loaded. */
  version: string | null;
  source: 'environment' | 'cache' | 'tfjs-node-gpu';
  /** True for a library that was built for CUDA. */
  gpu: boolean;
}

/** The surroundings that the search depends on, besides the disk; tests pass their own. */
export interface Surroundings {
  env: Environment;
  platform: string;
  nvidiaDriver: boolean;
  /** Folder of the package @tensorflow/tfjs-node-gpu, or null. */
  tfjsNodeGpu: string | null;
}

export function currentSurroundings(): Surroundings {
  return {
    env: process.env,
    platform: currentPlatform(),
    nvidiaDriver: hasNvidiaDriver(),
    tfjsNodeGpu: packageFolder('@tensorflow/tfjs-node-gpu'),
  };
}

/**
 * Finds the TensorFlow library: the folder in VOXLOOP_TENSORFLOW, else the per-user cache that `voxloop setup` fills, else
 * what a plain install of @tensorflow/tfjs-node-gpu brought along. `gpu` true asks for one built for CUDA, false prefers
 * one without; when not given, the CUDA one is taken where it is installed and the machine has an NVIDIA driver.
 * Throws a UserError when there is none, naming the command that fetches it. Looks at names and sizes only.
 */
export function locateLibrary(
  options: { gpu?: boolean | undefined } = {},
  around: Surroundings = currentSurroundings(),
): LibraryLocation {
  const named = fromEnvironment(around);
  if (named) return named;
  const installed = [...fromCache(options.gpu, around), fromTfjsNodeGpu(around)].find(
    (location) => location !== null && (options.gpu !== true || location.gpu),
  );
  if (installed) return installed;
  throw new UserError(
    options.gpu
      ? 'The TensorFlow library for a GPU is not installed; run: npx voxloop setup --gpu'
      : 'The TensorFlow library is not installed; run: npx voxloop setup',
  );
}

/** The folder that VOXLOOP_TENSORFLOW names, or null when it is not set; a UserError when it holds no library. */
export function fromEnvironment({ env, platform }: Surroundings): LibraryLocation | null {
  if (!env.VOXLOOP_TENSORFLOW) return null;
  const folder = resolve(env.VOXLOOP_TENSORFLOW);
  for (const dir of [folder, join(folder, 'tensorflow')]) {
    const files = libraryFiles(dir, platform);
    if (!files) continue;
    const gpu = existsSync(join(dir, '..', 'nvidia', 'cudnn'));
    return { dir, files, version: versionBeside(dir), source: 'environment', gpu };
  }
  const { cc, framework } = libraryNames(platform);
  throw new UserError(
    `VOXLOOP_TENSORFLOW is ${folder}, which does not hold ${cc} and ${framework}. ` +
      'Set it to the folder that does, or unset it and run: npx voxloop setup',
  );
}

function fromCache(gpu: boolean | undefined, around: Surroundings): LibraryLocation[] {
  const gpuFirst = gpu ?? around.nvidiaDriver;
  const kinds = gpu === true ? [true] : [gpuFirst, !gpuFirst];
  return kinds.flatMap((kind) => installedOf(kind, around));
}

/** Installed libraries of one kind: the version that voxloop pins first, then the newest. */
function installedOf(gpu: boolean, { env, platform }: Surroundings): LibraryLocation[] {
  const libraries = librariesFolder(cacheFolder(env, platform.split('-')[0]));
  const suffix = `-${platform}-${gpu ? 'gpu' : 'cpu'}`;
  const pinned = pinnedWheel(platform, gpu)?.version;
  const versions = namesIn(libraries)
    .filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
    .map((name) => name.slice(0, -suffix.length))
    .sort((a, b) => Number(b === pinned) - Number(a === pinned) || b.localeCompare(a, 'en', { numeric: true }));
  return versions.flatMap((version) => {
    const folder = join(libraries, version + suffix);
    const dir = join(folder, 'tensorflow');
    const files = readInstalled(folder) && libraryFiles(dir, platform);
    return files ? [{ dir, files, version, source: 'cache' as const, gpu }] : [];
  });
}

function fromTfjsNodeGpu({ tfjsNodeGpu, platform }: Surroundings): LibraryLocation | null {
  const dir = tfjsNodeGpu && join(tfjsNodeGpu, 'deps', 'lib');
  const files = dir && libraryFiles(dir, platform);
  if (!files) return null;
  return { dir, files, version: versionBeside(dir), source: 'tfjs-node-gpu', gpu: platform === 'linux-x64' };
}

/** The two files in a folder, of either layout, or null. */
function libraryFiles(dir: string, platform: string): LibraryLocation['files'] | null {
  const names = libraryNames(platform);
  const framework = join(dir, names.framework);
  const cc = [names.cc, names.single].map((name) => join(dir, name)).find((path) => existsSync(path));
  return cc && existsSync(framework) ? { cc, framework } : null;
}

/** The version that the files' surroundings state: our record, a wheel's metadata, or a longer file name. */
function versionBeside(dir: string): string | null {
  const record = basename(dir) === 'tensorflow' ? readInstalled(dirname(dir)) : null;
  if (record) return record.version;
  const metadata = namesIn(dirname(dir)).map((name) => /^tensorflow(?:_\w+)?-(\d[\w.]*)\.dist-info$/.exec(name)?.[1]);
  const longer = namesIn(dir).map((name) => /^libtensorflow\w*\.(?:so\.)?(\d+\.\d+\.\d+)(?:\.dylib)?$/.exec(name)?.[1]);
  return [...metadata, ...longer].find((version) => version !== undefined) ?? null;
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function packageFolder(name: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}
