import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withFile } from '../io/read-file.js';

/** The `license` in the front matter of a model card beside the weights; undefined where there is none. */
export function licenceOfCard(dir: string): string | undefined {
  const path = join(dir, 'README.md');
  if (!existsSync(path)) return undefined;
  const text = withFile(path, (file) => Buffer.from(file.read(0, Math.min(file.bytes, 1 << 16))).toString('utf8'));
  const [, front = ''] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text) ?? [];
  return /^license:\s*["']?([\w .+-]{1,60}?)["']?\s*$/m.exec(front)?.[1];
}
