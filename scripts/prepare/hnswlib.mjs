import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runNpm } from './npm.mjs';

/** A compiler takes seconds; a network that swallows the download of Node's headers takes for ever. */
const MOST_MILLISECONDS = 120_000;

/**
 * Compiles hnswlib-node, which install scripts would have done, unless it loads already. It is optional: where there is no C++
 * compiler, no Python for node-gyp or no way to Node's headers, one line says so and voxloop searches neighbours exactly.
 */
export function buildHnswlib(root) {
  if (!existsSync(join(root, 'node_modules', 'hnswlib-node', 'binding.gyp')) || loads(root)) return;
  console.error('compiling hnswlib-node (optional) ...');
  const args = ['rebuild', 'hnswlib-node', '--ignore-scripts=false', '--loglevel=error'];
  const env = { ...nodeHeaders(), ...process.env };
  runNpm(args, { cwd: root, env, stdio: 'ignore', timeout: MOST_MILLISECONDS });
  if (loads(root)) return;
  console.error(
    'hnswlib-node was not compiled: neighbours are searched exactly. `npm rebuild hnswlib-node --ignore-scripts=false` says why.',
  );
}

// In a process of its own, as this one would keep a failed or an old library.
function loads(root) {
  const { status } = spawnSync(process.execPath, ['-e', "require('hnswlib-node')"], { cwd: root, stdio: 'ignore' });
  return status === 0;
}

// Distributions put Node's headers beside it: then nothing needs to be downloaded.
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
}
