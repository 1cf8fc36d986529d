import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export type Environment = Record<string, string | undefined>;

/** The folder that every checkout of one user shares: VOXLOOP_CACHE, else the system's own place for caches. */
export function cacheFolder(env: Environment = process.env, system: string = process.platform): string {
  if (env.VOXLOOP_CACHE) return resolve(env.VOXLOOP_CACHE);
  const home = env.HOME || homedir();
  if (system === 'darwin') return join(home, 'Library', 'Caches', 'voxloop');
  return join(env.XDG_CACHE_HOME || join(home, '.cache'), 'voxloop');
}

/** The folder of installed TensorFlow libraries: one folder for each version, platform and kind. */
export function librariesFolder(cache: string): string {
  return join(cache, 'tensorflow');
}

/** The folder of wheels that are being downloaded. */
export function downloadsFolder(cache: string): string {
  return join(cache, 'downloads');
}
