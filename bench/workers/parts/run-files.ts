import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What tells when a run was done, by which process, or how long it took: there by name only. */
const ACCOUNTS = /^(journal\.jsonl|environment\.json|report\.html)$/;
/** Locks that processes which were killed have left, and what is shown beside a run while it goes on. */
const BESIDE = /^(lock|tensorboard\/)/;

/** Keys whose values tell how long something took, in a table too, or are made from the paths of recordings: what is heard is compared itself. */
const TOLD = new Set(['seconds', 'table', 'hash']);

/**
 * A digest of each file of a run, by its path: of its bytes, and of JSON what is left without what TOLD names and the run's own path.
 */
export function filesOf(out: string): Record<string, string> {
  const files = readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => relative(out, join(parentPath, name))).sort();
  return Object.fromEntries(paths.filter((path) => !BESIDE.test(path)).map((path) => [path, digestOf(out, path)]));
}

function digestOf(out: string, path: string): string {
  if (ACCOUNTS.test(path)) return '';
  const bytes = readFileSync(join(out, path));
  return createHash('sha256')
    .update(comparable(out, path, bytes))
    .digest('hex');
}

function comparable(out: string, path: string, bytes: Buffer): string | Buffer {
  if (path.endsWith('.json')) {
    const value: unknown = JSON.parse(bytes.toString().replaceAll(out, 'RUN'));
    return JSON.stringify(value, (key, part: unknown) => (TOLD.has(key) ? undefined : part));
  }
  return bytes;
}
