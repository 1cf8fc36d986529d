import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { collect } from './options/values.js';

interface SetupOptions {
  gpu?: boolean;
  version?: string;
  sha256?: string;
  wheel: string[];
  force?: boolean;
}

/** `voxloop setup`: fetches the TensorFlow library into the per-user cache. */
export function register(program: Command): void {
  program
    .command('setup')
    .summary('fetch the TensorFlow library')
    .description(
      "Fetches the TensorFlow library into the per-user cache (VOXLOOP_CACHE), honouring pip's index and proxy settings, " +
        'and checks it against the checksum pinned in voxloop. Prints the folder.',
    )
    .option('--gpu', 'fetch the library for NVIDIA GPUs with its CUDA libraries (3.3 GB download, 5.1 GB on disk)')
    .option('--version <version>', 'TensorFlow version to install instead of the pinned one')
    .option('--sha256 <hex>', 'checksum of the wheel of --version (default: the one that the package index publishes)')
    .option('--wheel <file>', 'use a wheel downloaded by hand; may be repeated', collect, [])
    .option('--force', 'install again even if already installed')
    .action(setup);
}

async function setup(options: SetupOptions): Promise<void> {
  const { currentSurroundings, fromEnvironment } = await import('../engine/library/locate.js');
  const named = fromEnvironment(currentSurroundings());
  if (named && !options.force) {
    process.stderr.write(`VOXLOOP_TENSORFLOW names a TensorFlow library, which is used as it is: ${named.dir}\n`);
    process.stdout.write(`${named.dir}\n`);
    return;
  }
  const { folder, already, version, gpu } = await install(options);
  const name = `TensorFlow ${version} (${gpu ? 'GPU' : 'CPU'})`;
  process.stderr.write(`${name} is ${already ? 'already installed' : 'installed'} in ${folder}\n`);
  process.stdout.write(`${folder}\n`);
  await sayWhenAnotherIsPreferred(folder, gpu);
}

async function install(
  options: SetupOptions,
): Promise<{ folder: string; already: boolean; version: string; gpu: boolean }> {
  const [
    { cacheFolder },
    { installLibrary },
    { planLibrary },
    platforms,
    { createProgress },
    { readIndexSettings },
    timers,
  ] = await Promise.all([
    import('../engine/library/cache-folder.js'),
    import('../engine/library/install.js'),
    import('../engine/library/plan-library.js'),
    import('../engine/library/platform.js'),
    import('../engine/library/progress.js'),
    import('../engine/library/index-urls.js'),
    import('node:timers/promises'),
  ]);
  const settings = readIndexSettings();
  const progress = createProgress(process.stderr);
  const request = {
    platform: platforms.currentPlatform(),
    gpu: options.gpu === true,
    version: options.version,
    sha256: options.sha256,
    files: options.wheel,
  };
  const plan = await planLibrary(request, settings, timers.setTimeout, progress.say);
  const obstacle = platforms.whyNotRunnable();
  if (obstacle !== null) throw new UserError(`${obstacle}. To go on, ${platforms.OWN_LIBRARY}.`);
  const done = await installLibrary(plan, {
    cache: cacheFolder(),
    files: options.wheel,
    force: options.force === true,
    settings,
    progress,
    sleep: timers.setTimeout,
  });
  return { ...done, version: plan.version, gpu: plan.gpu };
}

/** A version installed by hand does not take precedence over the pinned one: tells the user so. */
async function sayWhenAnotherIsPreferred(folder: string, gpu: boolean): Promise<void> {
  const { locateLibrary } = await import('../engine/library/locate.js');
  const { dir } = locateLibrary({ gpu });
  if (dir.startsWith(folder)) return;
  process.stderr.write(`The library in ${dir} takes precedence; to use this one, set VOXLOOP_TENSORFLOW=${folder}\n`);
}
