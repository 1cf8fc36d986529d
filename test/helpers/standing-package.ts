import { cpSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { temporaryFolder } from './temporary-folder.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A package of this tree in a folder of its own, as `files` of package.json lists it, but without the model that comes with it. */
export function standingPackage(t: ExecutionContext): { root: string; script: string; models: string } {
  const folder = temporaryFolder(t);
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] };
  const listed = files.filter((file) => !file.startsWith('!') && file !== 'models' && existsSync(join(root, file)));
  const filter = (path: string) => !/\.(map|d\.ts)$/.test(path);
  for (const file of ['package.json', ...listed])
    cpSync(join(root, file), join(folder, file), { recursive: true, filter });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return { root: folder, script: join(folder, 'bin', 'voxloop.mjs'), models: join(folder, 'models', 'default') };
}
