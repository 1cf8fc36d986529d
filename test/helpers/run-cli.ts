import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const bin = fileURLToPath(new URL('../../../bin/voxloop.mjs', import.meta.url));

export interface Outcome {
  /** The exit code; null when a signal ended the process. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd?: string;
  /** The script that is run; default: that of this tree. */
  script?: string;
  env?: NodeJS.ProcessEnv;
  /** Arguments of Node itself. */
  node?: string[];
  /** Called with everything that stderr has said so far. */
  watch?: (stderr: string, child: ChildProcess) => void;
}

/** Runs the command line in a process of its own. */
export function runCli(
  args: string[],
  { cwd, script = bin, env, node = [], watch }: CliOptions = {},
): Promise<Outcome> {
  const child = spawn(process.execPath, [...node, script, ...args], { cwd, env: { ...process.env, ...env } });
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    outcome.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    outcome.stderr += text;
    watch?.(outcome.stderr, child);
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...outcome, code })));
}
