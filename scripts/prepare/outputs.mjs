import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['src', 'ssl', 'clustering', 'examples', 'test', 'bench'];
const output = /(\.js|\.d\.ts)(\.map)?$/;

/** Removes compiled files whose source is gone; makes the compiler start anew when it lost some of its outputs. */
export function removeStaleOutputs(root) {
  const dist = join(root, 'dist');
  for (const file of filesIn(dist, folders)) {
    if (output.test(file) && !existsSync(join(root, file.replace(output, '.ts')))) rmSync(join(dist, file));
  }
  const sources = filesIn(root, folders).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const complete = sources.every((file) => existsSync(join(dist, file.replace(/ts$/, 'js'))));
  if (!complete) rmSync(join(dist, '.tsbuildinfo'), { force: true });
}

/** Paths, relative to `root`, of all files in these folders of it. */
function filesIn(root, names) {
  return names
    .filter((name) => existsSync(join(root, name)))
    .flatMap((name) => {
      const entries = readdirSync(join(root, name), { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
    });
}
