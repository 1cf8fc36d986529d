import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildHnswlib } from './hnswlib.mjs';
import { runNpm } from './npm.mjs';

/**
 * Runs `npm ci` when node_modules is missing or was not installed from the present package-lock.json. Then compiles the one
 * package that needs it, once for each install.
 */
export function installDependencies(root) {
  const lock = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules', '.voxloop-installed');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!installedAfter(root, lock)) install(root);
  buildHnswlib(root);
  writeFileSync(stamp, wanted);
}

// Someone ran `npm ci` or `npm install` themselves: npm keeps its own copy of the lock in node_modules.
function installedAfter(root, lock) {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

// Without install scripts: the stock download of @tensorflow/tfjs-node-gpu is blocked in many networks.
function install(root) {
  refuseLink(join(root, 'node_modules'));
  console.error('installing the dependencies (npm ci) ...');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = runNpm(args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) console.error(`npm could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

// npm would follow the link, and empty the folder that others install into.
function refuseLink(folder) {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  console.error(
    `${folder} is a link, and what it leads to was not installed from this package-lock.json. Remove the link, so that the ` +
      'dependencies are installed here, or run `npm ci` where it leads to.',
  );
  process.exit(2);
}
