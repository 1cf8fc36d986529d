import { spawnSync } from 'node:child_process';

/** Runs npm, the one that runs this process where there is one, else that on the PATH. Returns what spawnSync returns. */
export function runNpm(args, options) {
  const npm = process.env.npm_execpath;
  if (npm) return spawnSync(process.execPath, [npm, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}
