import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../../bin/voxloop.mjs', import.meta.url));

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** Runs a recipe in a process of its own; `disturb` may kill it. */
export async function runRecipe(
  config: string,
  out: string,
  disturb: (child: ChildProcess) => Promise<void> = async () => {},
): Promise<Ended> {
  const child = spawn(process.execPath, [bin, 'run', config, '--out', out], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended: Ended = { code: null, signal: null, stdout: '', stderr: '' };
  child.stdout.on('data', (text) => (ended.stdout += text));
  child.stderr.on('data', (text) => (ended.stderr += text));
  const closed = new Promise<void>((resolve) => {
    child.on('close', (code, signal) => {
      Object.assign(ended, { code, signal });
      resolve();
    });
  });
  await disturb(child);
  await closed;
  return ended;
}

/** The part of a run's JSON file that must not depend on kills: all but times and environment. */
export function steadyJson(path: string): unknown {
  const { environment: _, ...rest } = JSON.parse(readFileSync(path, 'utf8'));
  return JSON.parse(JSON.stringify(rest, (key, value) => (key === 'seconds' ? undefined : value)));
}

/** The results of a run, in the same way. */
export const steadyResults = (out: string): unknown => steadyJson(join(out, 'results.json'));
